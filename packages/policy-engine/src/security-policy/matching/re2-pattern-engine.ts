import { RE2JS } from "re2js";

import type { PatternEngine, PatternExtent } from "./pattern-engine.ts";
import { estimatePatternSize, maxPatternSize } from "./pattern-size.ts";
import type { TextTest } from "./text-test.ts";

/** The linear-time engine over re2js; in a file of its own because the library is loaded only for patterns that need it. @internal */
export function createPatternEngine(): PatternEngine {
  return { compile };
}

function compile(source: string, extent: PatternExtent): TextTest | string {
  if (source.length > maxPatternSize || estimatePatternSize(source) > maxPatternSize) {
    return `the pattern expands to more than ${maxPatternSize} steps`;
  }
  try {
    const pattern = new BoundedPattern(source);
    return extent === "whole" ? (text) => pattern.for(text).testExact(text) : (text) => pattern.for(text).test(text);
  } catch (error) {
    return `not a pattern: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  }
}

/** Steps after which a pattern is compiled afresh, and characters that it is used for at least. */
const maxSteps = 4_000_000;
const minCharacters = 10_000;

/**
 * The library keeps what it learns about a pattern, up to 8 MB for each, and has no way to let go of it. So a pattern is compiled
 * afresh after some use: seldom enough to cost nothing (once in 80,000 characters for a usual one), often enough that texts made
 * for it do not fill the memory for good.
 */
class BoundedPattern {
  readonly #source: string;
  readonly #maxCharacters: number;
  #pattern: RE2JS;
  #characters = 0;

  constructor(source: string) {
    this.#source = source;
    this.#pattern = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    this.#maxCharacters = Math.max(minCharacters, maxSteps / this.#pattern.programSize());
  }

  /** The pattern to test this text with. */
  for(text: string): RE2JS {
    if (this.#characters > this.#maxCharacters) {
      this.#pattern = RE2JS.compile(this.#source, RE2JS.CASE_INSENSITIVE);
      this.#characters = 0;
    }
    this.#characters += text.length + 1;
    return this.#pattern;
  }
}

function firstLine(message: string): string {
  const line = message.split("\n", 1)[0] ?? "";
  return line.replace(/^error parsing regexp: /, "").slice(0, 200);
}
