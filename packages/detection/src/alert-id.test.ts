import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createAlertId } from "./alert-id.ts";

describe("createAlertId", () => {
  it("keeps its value between versions, because receivers remember it", () => {
    expect(createAlertId("R0001", "ab".repeat(32), "bm9kZTox")).toMatchInlineSnapshot(
      `"044f50d74122853e9d29e518bee6c8bd"`,
    );
    expect(createAlertId("", "", "")).toMatchInlineSnapshot(`"db0db437f40900bf54234e20919473f2"`);
  });

  it("is 32 hexadecimal digits whatever the parts hold", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (rule, container, exec) => {
        expect(createAlertId(rule, container, exec)).toMatch(/^[0-9a-f]{32}$/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("differs for consecutive executions, also in each quarter", () => {
    const quarters: Set<string>[] = [new Set(), new Set(), new Set(), new Set()];
    const count = 20_000;
    for (let index = 0; index < count; index++) {
      const id = createAlertId("R0001", "ab".repeat(32), `node-1:${1_000_000 + index}:${index}`);
      for (const [at, quarter] of quarters.entries()) quarter.add(id.slice(at * 8, at * 8 + 8));
    }
    // Among 20,000 random 32-bit values 0.05 repetitions are expected.
    for (const quarter of quarters) expect(quarter.size).toBeGreaterThan(count - 4);
  });

  it("tells apart where one part ends and the next begins", () => {
    expect(createAlertId("ab", "c", "d")).not.toBe(createAlertId("a", "bc", "d"));
    expect(createAlertId("ab", "c", "d")).not.toBe(createAlertId("ab", "cd", ""));
  });
});
