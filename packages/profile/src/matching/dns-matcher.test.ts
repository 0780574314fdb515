import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DnsMatcher } from "./dns-matcher.ts";

function nameMatchesObviously(entry: string, name: string): boolean {
  const split = (text: string): string[] => text.replace(/\.$/, "").toLowerCase().split(".");
  const expected = split(entry);
  const actual = split(name);
  const isBad = (labels: string[]): boolean => labels.includes("");
  const stars = expected.flatMap((label, at) => (label === "*" ? [at] : []));
  if (isBad(expected) || isBad(actual) || expected.includes("**")) return false;
  if (expected.length === 1 && stars.length === 1) return false;
  if (stars.some((at) => at !== 0 && at !== expected.length - 1)) return false;
  const isOpen = expected.at(-1) === "*";
  const fixed = isOpen ? expected.slice(0, -1) : expected;
  if (isOpen ? actual.length <= fixed.length : actual.length !== fixed.length) return false;
  return fixed.every((label, at) => label === "*" || label === "⋯" || label === actual[at]);
}

const anyName = fc
  .tuple(
    fc.array(fc.constantFrom("a", "B", "b", "*", "⋯", "**", "", "com"), { maxLength: 5 }),
    fc.constantFrom("", ".", ".."),
  )
  .map(([labels, end]) => labels.join(".") + end);

describe("DnsMatcher", () => {
  it("answers as the obvious version does", () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 8 }), fc.array(anyName, { maxLength: 8 }), (entries, names) => {
        const matcher = new DnsMatcher(entries);
        for (const name of names) {
          const expected = entries.findIndex((entry) => nameMatchesObviously(entry, name));
          expect([name, entries, matcher.nextMatch(name, 0)]).toEqual([name, entries, expected]);
          expect(matcher.matches(name)).toBe(expected !== -1);
        }
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("takes exactly one label for a star in front, one for an ellipsis, one or more for a star at the end [profile names]", () => {
    const matcher = new DnsMatcher(["*.stripe.com.", "a.⋯.local", "svc.*", "**", "*", "x.*.y", "a..b"]);
    expect(matcher.matches("api.stripe.com.")).toBe(true);
    expect(matcher.matches("API.Stripe.COM")).toBe(true);
    expect(matcher.matches("v1.api.stripe.com.")).toBe(false);
    expect(matcher.matches("stripe.com.")).toBe(false);
    expect(matcher.matches("a.b.local.")).toBe(true);
    expect(matcher.matches("a.b.c.local.")).toBe(false);
    expect(matcher.matches("svc.cluster.local")).toBe(true);
    expect(matcher.matches("svc")).toBe(false);
    expect(matcher.matches("x.z.y")).toBe(false);
    expect(matcher.matches("a..b")).toBe(false);
    expect(matcher.matches("com")).toBe(false);
    expect(matcher.matches("")).toBe(false);
  });

  it("does not take other letters for ASCII ones", () => {
    expect(new DnsMatcher(["k.com", "*.k.com"]).matches("\u212a.com")).toBe(false);
    expect(new DnsMatcher(["*.\u212a.com"]).matches("a.k.com")).toBe(false);
  });

  it("ignores patterns of more than 256 labels and ends soon for long names", () => {
    const name = "a.".repeat(10_000) + "a";
    expect(new DnsMatcher([`${"⋯.".repeat(300)}a`]).matches(`${"b.".repeat(300)}a`)).toBe(false);
    expect(new DnsMatcher(["a.*"]).matches(name)).toBe(true);
    expect(new DnsMatcher([name]).matches(`${name}.`)).toBe(true);
  });
});
