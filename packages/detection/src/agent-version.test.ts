import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isAgentVersionCompatible } from "./agent-version.ts";

describe("isAgentVersionCompatible", () => {
  it.each([
    ["1.2.3", "1.2.3", true],
    ["=1.2.3", "1.2.4", false],
    ["==1.2.3", "v1.2.3", true],
    ["!=1.2.3", "1.2.3", false],
    [">1.2.3", "1.2.4", true],
    [">1.2.3", "1.2.3", false],
    [">1.2", "1.2.9", false],
    [">=1.2", "1.2.0", true],
    ["<2.0.0", "1.9.9", true],
    ["<2", "2.0.0", false],
    ["<=1.2", "1.2.9", true],
    [">=1.0.0, <2.0.0", "1.5.0", true],
    [">= 1.0.0 < 2.0.0", "2.1.0", false],
    ["1.0.0 - 1.4.0", "1.4.0", true],
    ["1.0.0 - 1.4.0", "1.4.1", false],
    ["<1 || >=2", "2.3.4", true],
    ["<1 || >=2", "1.3.4", false],
    ["~1.2.3", "1.2.9", true],
    ["~1.2.3", "1.3.0", false],
    ["~1", "1.9.0", true],
    ["^1.2.3", "1.9.0", true],
    ["^1.2.3", "2.0.0", false],
    ["^0.2.3", "0.2.9", true],
    ["^0.2.3", "0.3.0", false],
    ["^0.0.3", "0.0.4", false],
    ["1.2.x", "1.2.7", true],
    ["1.2.x", "1.3.0", false],
    ["*", "0.0.1", true],
    [">=1.0.0", "1.1.0-beta.1", false],
    [">=1.1.0-alpha", "1.1.0-beta.1", true],
    [">=1.1.0-beta.2", "1.1.0-beta.10", true],
    [">=1.1.0-beta", "1.1.0", true],
    ["1.2.3", "1.2.3+build.5", true],
    ["  >=1.0  ", " 1.2.3 ", true],
    [">=1.2", "1.2", true],
    ["", "1.2.3", true],
    [">=1.0", "", true],
    ["not a range", "1.2.3", true],
    [">=", "1.2.3", true],
    [">=9.0", "unknown", true],
  ])("%j with version %j is %s [rules V-1]", (requirement, version, expected) => {
    expect(isAgentVersionCompatible(requirement, version)).toBe(expected);
  });

  it("throws for nothing [rules V-1]", () => {
    const word = fc.constantFrom(
      ">=",
      "<",
      "~",
      "^",
      "1",
      "1.2",
      "v1.2.3-a.1",
      "x",
      ",",
      " ",
      "||",
      "-",
      "\u0000",
      "999999999999",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join("")),
    );
    fc.assert(
      fc.property(text, text, (requirement, version) => {
        expect(typeof isAgentVersionCompatible(requirement, version)).toBe("boolean");
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
