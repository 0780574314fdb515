import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeContinue, encodeContinue } from "./continue-token.ts";

describe("encodeContinue", () => {
  it("gives back the position it was made from, also beyond 2^53", () => {
    const position = fc.record({
      version: fc.option(fc.bigInt({ min: 1n, max: 10n ** 20n - 1n }), { nil: undefined }),
      afterKey: fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,20}(\/[a-z0-9][-a-z0-9.]{0,20})?$/),
    });
    const property = fc.property(position, (value) => {
      expect(decodeContinue(encodeContinue(value))).toEqual(value);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("refuses anything else with 400", () => {
    expect(() => decodeContinue("garbage")).toThrow("invalid continue token");
  });
});
