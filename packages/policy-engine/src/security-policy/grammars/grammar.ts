import type { GrammarName } from "./grammar-name.ts";
import type { ParsedValue } from "./parsed-value.ts";

/**
 * How the values of a criterion are written.
 *
 * @public
 */
export interface Grammar {
  readonly name: GrammarName;
  /** For people: what a value looks like, one line. */
  readonly description: string;
  /** All values, when they can be listed. */
  readonly permitted?: readonly string[];
  /** A few values that are right, for documents and tests. */
  readonly examples: readonly string[];
  /**
   * Reads a value. Pure; linear in its length, which callers bound by {@link maxValueLength}.
   *
   * @returns what it says, or one line that says what is wrong.
   */
  parse(value: string): ParsedValue | GrammarProblem;
  /** What to know about a value that existing installations may have and nobody should write anew; mostly that it never matches. */
  caution?(value: ParsedValue): string | undefined;
}

/** Why a value is not one of the grammar. @public */
export interface GrammarProblem {
  readonly kind: "problem";
  readonly message: string;
}

/** UTF-16 units a value may have. @public */
export const maxValueLength = 16_384;
