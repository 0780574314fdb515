import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesLabels, parseLabelSelector, type LabelRequirement } from "./label-selector.ts";

const key = fc.constantFrom("a", "app.kubernetes.io/name", "tier", "x_1");
const value = fc.constantFrom("", "1", "web", "Web-2", "a.b_c");
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key, operator: fc.constantFrom("exists" as const, "absent" as const), values: fc.constant([]) }),
);
const labels = fc.dictionary(key, value);

/** Writes a condition in one of its spellings. */
function write(condition: LabelRequirement, style: number): string {
  const { operator, values } = condition;
  if (operator === "exists") return condition.key;
  if (operator === "absent") return style % 2 === 0 ? `!${condition.key}` : `! ${condition.key}`;
  const [only = ""] = values;
  if (values.length === 1 && style % 3 !== 0) {
    if (operator === "notin") return `${condition.key}!=${only}`;
    return `${condition.key}${style % 2 === 0 ? "=" : " == "}${only}`;
  }
  return `${condition.key} ${operator} (${values.join(style % 2 === 0 ? "," : " , ")})`;
}

/** The meaning of a condition, spelled out. */
function isSatisfied(condition: LabelRequirement, of: Readonly<Record<string, string>>): boolean {
  const has = Object.keys(of).includes(condition.key);
  if (condition.operator === "exists") return has;
  if (condition.operator === "absent") return !has;
  const isListed = has && condition.values.some((candidate) => candidate === of[condition.key]);
  return condition.operator === "in" ? isListed : !isListed;
}

describe("parseLabelSelector", () => {
  it("means what the conditions mean, in every spelling", () => {
    const property = fc.property(
      fc.array(fc.tuple(requirement, fc.nat(5)), { maxLength: 4 }),
      labels,
      (conditions, of) => {
        const text = conditions.map(([condition, style]) => write(condition, style)).join(",");
        expect(matchesLabels(parseLabelSelector(text), of)).toBe(
          conditions.every(([condition]) => isSatisfied(condition, of)),
        );
      },
    );
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("either parses or refuses with 400, whatever the text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "1", "=", "!", "(", ")", ",", " ", "in", "notin", ">", "-") });
    const property = fc.property(text, (selector) => {
      try {
        parseLabelSelector(selector);
      } catch (error) {
        expect((error as { body?: { code?: number } }).body?.code).toBe(400);
      }
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("compares numbers with > and <", () => {
    const atLeast = parseLabelSelector("size>3");
    expect(matchesLabels(atLeast, { size: "4" })).toBe(true);
    expect(matchesLabels(atLeast, { size: "3" })).toBe(false);
    expect(matchesLabels(parseLabelSelector("size<3"), { size: "x" })).toBe(false);
  });

  it("says what it found and what it expected", () => {
    expect(() => parseLabelSelector("a==b==c")).toThrow("found '==', expected: ',' or 'end of string'");
    expect(() => parseLabelSelector("a in b")).toThrow("found 'b' expected: '('");
    expect(() => parseLabelSelector("a,,b")).toThrow("expected: identifier after ','");
  });
});
