import { compilePattern, type CompiledText } from "./compile-pattern.ts";
import { equalsFolded, isAscii, startsWithFolded } from "./folded-text.ts";
import { compilePathGlob } from "./path-glob.ts";
import type { PatternEngine } from "./pattern-engine.ts";
import type { TextTest } from "./text-test.ts";

/** How a value of a criterion over text is meant; forms inside the value (`r/`, quotes, `!`) come on top. @internal */
export type TextMode = "wholePattern" | "partPattern" | "prefix" | "exact";

/**
 * Compiles a value of a criterion over text.
 *
 * In `wholePattern` and `partPattern` the value is a pattern; `r/` in front changes nothing and `r/c/` makes it match a part. In
 * `prefix` and `exact` it is a plain text (`*` is anything), unless it begins with `r/` (whole pattern), `r/c/` (part), `g/`
 * (path glob, case-sensitive) or stands in double quotes (exact); `!` in front of any of these inverts it.
 *
 * @internal
 */
export function compileTextValue(value: string, mode: TextMode, engine: PatternEngine | undefined): CompiledText {
  if (mode === "wholePattern" || mode === "partPattern") return compilePatternValue(value, mode, engine);
  if (value.startsWith("!")) return invert(compilePlainValue(value.slice(1), mode, engine));
  return compilePlainValue(value, mode, engine);
}

function compilePlainValue(value: string, mode: TextMode, engine: PatternEngine | undefined): CompiledText {
  if (value.startsWith("r/")) return compilePatternValue(value, "wholePattern", engine);
  if (value.startsWith("g/")) return compilePathGlob(value.slice(2), engine);
  if (value.length > 2 && value.startsWith('"') && value.endsWith('"')) return exactly(value.slice(1, -1));
  if (value === "*") return { kind: "test", test: matchAnything };
  return mode === "exact" ? exactly(value) : beginningWith(value);
}

function compilePatternValue(value: string, mode: TextMode, engine: PatternEngine | undefined): CompiledText {
  if (value.startsWith("r/c/")) return compilePattern(value.slice(4), "part", engine);
  const source = value.startsWith("r/") ? value.slice(2) : value;
  return compilePattern(source, mode === "partPattern" ? "part" : "whole", engine);
}

function exactly(value: string): CompiledText {
  const lower = value.toLowerCase();
  const test: TextTest = isAscii(value)
    ? (text) => equalsFolded(text, lower)
    : (text) => text.length <= 2 * lower.length && text.toLowerCase() === lower;
  return { kind: "test", test };
}

function beginningWith(value: string): CompiledText {
  const lower = value.toLowerCase();
  const test: TextTest = isAscii(value)
    ? (text) => startsWithFolded(text, lower)
    : (text) => text.toLowerCase().startsWith(lower);
  return { kind: "test", test };
}

function invert(compiled: CompiledText): CompiledText {
  if (compiled.kind !== "test") return compiled;
  const { test } = compiled;
  return { kind: "test", test: (text) => !test(text) };
}

function matchAnything(): boolean {
  return true;
}
