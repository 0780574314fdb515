import type { Answer, Outcome } from "../review/answer.ts";
import type { BypassReason } from "./bypass.ts";
import type { Decision } from "./decision.ts";

const nothingFound = { findings: [], notEvaluated: 0, imageFetches: 0, subject: undefined } as const;

/** Allowed without evaluation. @internal */
export function bypassed(reason: BypassReason): Decision {
  return {
    ...nothingFound,
    answer: {
      allowed: true,
      outcome: "bypassed",
      reason,
      message: "",
      warnings: [],
      auditAnnotations: { bypass: reason },
    },
  };
}

/** The configured default, said openly. @internal */
export function defaultDecision(onTimeout: "allow" | "deny", outcome: Outcome, why: string): Decision {
  return { ...nothingFound, answer: defaultAnswer(onTimeout, outcome, why) };
}

/** @internal */
export function defaultAnswer(onTimeout: "allow" | "deny", outcome: Outcome, why: string): Answer {
  const allowed = onTimeout === "allow";
  return {
    allowed,
    outcome,
    reason: why,
    message: allowed
      ? ""
      : `Kinglet could not evaluate this request: ${why}. It is configured to refuse in that case; try again.`,
    warnings: [`Kinglet did not evaluate this request: ${why}.`],
    auditAnnotations: { undecided: why },
  };
}
