import type { PolicyProblem, PolicyProblemCode } from "../model/policy-problem.ts";

/** What a problem may say beside its message. @internal */
export interface ProblemDetails {
  readonly value?: unknown;
  readonly permitted?: readonly string[];
}

const maxProblems = 100;
const maxShownLength = 200;

/** Collects problems, up to 100; one more entry then says that there may be more. @internal */
export class ProblemList {
  readonly problems: PolicyProblem[] = [];
  hasErrors = false;

  get isFull(): boolean {
    return this.problems.length > maxProblems;
  }

  error(code: PolicyProblemCode, path: string, message: string, details: ProblemDetails = {}): void {
    this.hasErrors = true;
    this.#add("error", code, path, message, details);
  }

  warning(code: PolicyProblemCode, path: string, message: string, details: ProblemDetails = {}): void {
    this.#add("warning", code, path, message, details);
  }

  #add(
    level: PolicyProblem["level"],
    code: PolicyProblemCode,
    path: string,
    message: string,
    { value, permitted }: ProblemDetails,
  ): void {
    if (this.isFull) return;
    const known = { code, level, path: bounded(path), value: describe(value), message: bounded(message) };
    this.problems.push(permitted === undefined ? known : { ...known, permitted });
    if (this.problems.length === maxProblems) {
      this.problems.push({
        code: "KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT",
        level: "error",
        path: "",
        value: "",
        message: `there are ${maxProblems} problems; checking ended here`,
      });
    }
  }
}

/** The value as one bounded line. */
function describe(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return bounded(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function bounded(text: string): string {
  const short = text.length > maxShownLength ? `${text.slice(0, maxShownLength - 1)}…` : text;
  // Line breaks and broken surrogates (also one that the cut above made) would break the line they are printed in.
  return short.toWellFormed().replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ");
}
