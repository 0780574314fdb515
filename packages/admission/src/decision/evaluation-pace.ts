import type { AdmissionRequest } from "../review/admission-request.ts";
import type { EvaluationPace } from "../settings/active-policies.ts";
import type { ReviewDeadline } from "../timing/deadline.ts";

/** From this size on a single policy may take milliseconds, bytes: usual reviews have 5 to 20 KB. */
const largeBytes = 131_072;

/**
 * How an evaluation makes room for other reviews, and until when it goes on.
 *
 * @internal
 */
export function evaluationPace({ bytes }: AdmissionRequest, deadline: ReviewDeadline): EvaluationPace {
  return { isLarge: bytes > largeBytes, isOver: () => deadline.remainingMs() <= 0 };
}
