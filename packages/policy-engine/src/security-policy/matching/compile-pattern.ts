import type { PatternEngine, PatternExtent } from "./pattern-engine.ts";
import { matchPartOfText, matchWholeText } from "./plain-matcher.ts";
import { parsePlainPattern } from "./plain-pattern.ts";
import type { TextTest } from "./text-test.ts";

/**
 * What compiling a value came to: its test, what is wrong with it, or that only the pattern engine can tell.
 *
 * @internal
 */
export type CompiledText =
  | { readonly kind: "test"; readonly test: TextTest }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "needsEngine" };

/** One object for all: scanning thousands of policies should leave nothing behind. @internal */
export const needsEngine: CompiledText = { kind: "needsEngine" };

/**
 * Compiles a pattern in RE2 syntax (Go's), case-insensitive: into plain string operations where they do, else with the engine.
 *
 * @param engine - undefined while it is not loaded.
 *
 * @internal
 */
export function compilePattern(source: string, extent: PatternExtent, engine: PatternEngine | undefined): CompiledText {
  const sequences = parsePlainPattern(source);
  if (sequences !== undefined) {
    return { kind: "test", test: extent === "whole" ? matchWholeText(sequences) : matchPartOfText(sequences) };
  }
  if (engine === undefined) return needsEngine;
  const compiled = engine.compile(source, extent);
  return typeof compiled === "string" ? { kind: "problem", message: compiled } : { kind: "test", test: compiled };
}
