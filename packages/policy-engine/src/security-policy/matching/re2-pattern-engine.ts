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
  let pattern: RE2JS;
  try {
    // In a group of its own, so that what opens inside cannot end outside.
    pattern = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    return `not a pattern: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  }
  return extent === "whole" ? (text) => pattern.testExact(text) : (text) => pattern.test(text);
}

function firstLine(message: string): string {
  const line = message.split("\n", 1)[0] ?? "";
  return line.replace(/^error parsing regexp: /, "").slice(0, 200);
}
