import type { ReviewVersion } from "./admission-request.ts";

/** What became of a review; each is counted under exactly one. @public */
export type Outcome = "allowed" | "warned" | "denied" | "bypassed" | "deadline" | "shed" | "failed";

/**
 * What the API server is told.
 *
 * @public
 */
export interface Answer {
  readonly allowed: boolean;
  readonly outcome: Outcome;
  /** Why, for the log and the audit annotation: a short word such as `privileged-user`; empty when there is nothing to say. */
  readonly reason: string;
  /** Shown to the user of a refused request. */
  readonly message: string;
  /** Shown to the user in any case. */
  readonly warnings: readonly string[];
  /** Keys without a slash; the API server puts the webhook's name before them. */
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** A warning longer than this may be cut by the API server, characters. */
const maxWarningLength = 120;
/** All warnings of one answer, characters: the API server drops what goes beyond 4,096. */
const maxWarningsLength = 4000;

/**
 * The body of the answer.
 *
 * @internal
 */
export function renderAnswer(apiVersion: ReviewVersion, uid: string, answer: Answer): string {
  const { allowed, message } = answer;
  const warnings = boundWarnings(answer.warnings);
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion,
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { status: "Failure", code: 403, reason: "Forbidden", message } }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(Object.keys(answer.auditAnnotations).length === 0 ? {} : { auditAnnotations: answer.auditAnnotations }),
    },
  });
}

function boundWarnings(warnings: readonly string[]): readonly string[] {
  const bounded: string[] = [];
  let length = 0;
  for (const warning of warnings) {
    const line = shorten(warning, maxWarningLength);
    length += line.length;
    if (length > maxWarningsLength) {
      bounded.push(`and ${warnings.length - bounded.length} more warnings`);
      break;
    }
    bounded.push(line);
  }
  return bounded;
}

/**
 * One printable line of at most `maxLength` characters: a header must not carry control characters.
 *
 * @internal
 */
export function shorten(text: string, maxLength: number): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ");
  return flat.length <= maxLength ? flat : `${flat.slice(0, maxLength - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}
