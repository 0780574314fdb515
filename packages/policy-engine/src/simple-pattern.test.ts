import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileSimplePattern } from "./simple-pattern.ts";

describe("compileSimplePattern", () => {
  it("finds what a regular expression finds, in any text [cel M-1]", () => {
    const character = fc.constantFrom("a", "b", "/", ".", "[ab]", "[^a]", "[a-c]", "\\d", "\\w", "\\.", "[0-9]");
    const atom = fc.tuple(character, fc.constantFrom("", "*", "+", "?")).map((parts) => parts.join(""));
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(atom, { maxLength: 6 }), fc.constantFrom("", "$"))
      .map(([start, atoms, end]) => start + atoms.join("") + end);
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "/", ".", "1", "2", "_", "\u00e9"), { maxLength: 12 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect([source, subject, compileSimplePattern(source)?.(subject)]).toEqual([
          source,
          subject,
          new RegExp(source).test(subject),
        ]);
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it.each(["(a)", "a|b", "a{2}", "\\bx", "[", "[[:alpha:]]", "a**", "*", "(?i)a", "a^b", "\\1", "a".repeat(32)])(
    "does not understand %s [cel M-1]",
    (source) => {
      expect(compileSimplePattern(source)).toBeUndefined();
    },
  );

  it("takes time linear in a text that was made for it [cel M-2]", () => {
    const matches = compileSimplePattern("a*a*a*a*a*a*a*a*a*a*b");
    expect(matches?.("a".repeat(20_000))).toBe(false);
  });
});
