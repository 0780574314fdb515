import type { TextTest } from "./text-test.ts";

/** Decides patterns that plain string operations cannot. @internal */
export interface PatternEngine {
  /**
   * Compiles a pattern in RE2 syntax, case-insensitive. Tests take time linear in the text.
   *
   * @param extent - `whole`: the text must match from end to end; `part`: anywhere in it.
   * @returns the test, or one line that says what is wrong with the pattern.
   */
  compile(source: string, extent: PatternExtent): TextTest | string;
}

/** @internal */
export type PatternExtent = "whole" | "part";
