import type { EvaluationSubject } from "../../src/security-policy/evaluation/evaluation-subject.ts";
import type { RuntimeSubject } from "../../src/security-policy/evaluation/policy-set.ts";
import type { EventSource } from "../../src/security-policy/model/policy-names.ts";

/** One criterion: a value, a subject that violates it, one that does not, what is said about the first, and a value that is none. */
export interface CriterionCase {
  readonly value: string;
  readonly violating: EvaluationSubject | RuntimeSubject;
  readonly passing: EvaluationSubject | RuntimeSubject;
  readonly message: string;
  readonly malformed: string;
  readonly eventSource?: EventSource;
}

/** Of criteria whose values are true and false. */
export const booleanCase = { value: "true", malformed: "yes" };

/** Of criteria whose values are any text. */
export const textCase = { malformed: " " };
