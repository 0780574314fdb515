import type { Answer } from "../review/answer.ts";
import type { Finding } from "./findings.ts";

/**
 * An answer, and what has to be told about it to others than the caller.
 *
 * @public
 */
export interface Decision {
  readonly answer: Answer;
  /** Violated policies, whatever they did; empty for bypassed requests. */
  readonly findings: readonly Finding[];
  /** Policies that could not be evaluated. */
  readonly notEvaluated: number;
  /** Images asked for because of this review. */
  readonly imageFetches: number;
  /** The object the findings are about; undefined when nothing was evaluated. */
  readonly subject: DecisionSubject | undefined;
}

/** @public */
export interface DecisionSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  /** Empty when the server is still to generate it. */
  readonly name: string;
  /** Empty for what does not exist yet. */
  readonly uid: string;
  readonly operation: string;
  readonly user: string;
  readonly isDryRun: boolean;
  /** What owns the object, when something does. */
  readonly owner:
    | { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string }
    | undefined;
  /** Images of its containers, for alerts. */
  readonly image: string;
}
