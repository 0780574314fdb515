import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinearPattern, toCodePoints } from "./linear-pattern.ts";

const atom = fc.constantFrom(
  "a",
  "b",
  "c",
  ".",
  "[ab]",
  "[^a]",
  "\\d",
  "(ab)",
  "(a|bc)",
  "\\w",
  "^",
  "$",
  "\\.",
  "[a-c1]",
);
const repeat = fc.constantFrom("", "", "*", "+", "?", "{1,2}", "{2}", "*?");
const pattern = fc
  .array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map(([part, times]) => (part === "^" || part === "$" ? part : part + times)).join(""));
const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", "\n", "é"), maxLength: 12 });

describe("LinearPattern", () => {
  it("matches what the language's own engine matches, at the same place", () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const own = new RegExp(source, "u").exec(subject);
        const compiled = new LinearPattern(source);
        expect(compiled.test(subject)).toBe(own !== null);
        const found = compiled.find(toCodePoints(subject), 0);
        expect(found).toEqual(own === null ? undefined : { start: own.index, end: own.index + own[0].length });
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it("takes the time that the text takes, whatever the pattern", () => {
    const subject = `${"a".repeat(20_000)}!`;
    expect(new LinearPattern("^(a+)+$").test(subject)).toBe(false);
    expect(new LinearPattern("(a|a)*b").test(subject)).toBe(false);
  });

  it("knows the classes and flags of Go", () => {
    expect(new LinearPattern("(?i)^[[:alpha:]]+$").test("abC")).toBe(true);
    expect(new LinearPattern("\\A\\p{Lu}\\z").test("É")).toBe(true);
    expect(new LinearPattern("(?m)^b$").test("a\nb")).toBe(true);
    expect(new LinearPattern("(?P<name>a){2}").test("aa")).toBe(true);
    expect(new LinearPattern("a{,2}").test("a{,2}")).toBe(true);
  });

  it("refuses what Go refuses", () => {
    for (const source of ["(", "a)", "[a", "(?=a)b", "\\1", "a**", "a{1001}", "[b-a]", "\\p{Nope}", "*a", "a\\"]) {
      expect(() => new LinearPattern(source), source).toThrow(SyntaxError);
    }
  });

  it("bounds what a pattern may grow to", () => {
    expect(() => new LinearPattern("((a{1000}){1000}){1000}")).toThrow("expression too large");
    expect(() => new LinearPattern("(".repeat(5000))).toThrow(SyntaxError);
  });
});
