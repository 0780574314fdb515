import { describe, expect, it } from "vitest";

import { compileTextValue, type TextMode } from "./compile-text-value.ts";
import { createPatternEngine } from "./re2-pattern-engine.ts";

function matches(value: string, mode: TextMode, text: string): boolean {
  const compiled = compileTextValue(value, mode, createPatternEngine());
  return compiled.kind === "test" && compiled.test(text);
}

describe("compileTextValue", () => {
  it.each<[string, TextMode, string, boolean]>([
    ["nginx", "prefix", "NGINX:1", true],
    ["nginx", "exact", "nginx:1", false],
    ["nginx", "exact", "Nginx", true],
    ["*", "exact", "anything", true],
    ['"nginx"', "prefix", "nginx:1", false],
    ['"nginx"', "prefix", "NGINX", true],
    ["!nginx", "exact", "apache", true],
    ["!nginx", "exact", "nginx", false],
    ["r/ng.*x", "exact", "nginx", true],
    ["r/ng", "exact", "nginx", false],
    ["r/c/g[i]n", "exact", "nginx", true],
    ["!r/c/gin", "exact", "nginx", false],
    ["g//etc/**", "exact", "/etc/x", true],
    ["g//etc/**", "exact", "/ETC/x", false],
    ["r/ng.*", "wholePattern", "nginx", true],
    ["r/c/gin", "wholePattern", "nginx", true],
    ["gin", "wholePattern", "nginx", false],
    ["gin", "partPattern", "nginx", true],
    ["!nginx", "wholePattern", "!nginx", true],
    ["straße", "exact", "STRASSE", false],
    ["straße", "exact", "STRAßE", true],
    ["é", "prefix", "École", true],
  ])("%s as %s over %s is %s [policy E-4]", (value, mode, text, expected) => {
    expect(matches(value, mode, text)).toBe(expected);
  });
});
