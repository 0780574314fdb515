import { describe, expect, it } from "vitest";
import { excesses, ratchet, type Budget, type Measurement } from "./budget.ts";
import { median, spread } from "./spread.ts";

const figures: Measurement = {
  heapUsed: 1000,
  heapUsedAndExternal: 2000,
  shippedHeapUsed: 1100,
  shippedHeapUsedAndExternal: 2100,
  modules: 10,
  timers: 1,
  sockets: 2,
  bundleBytes: 5000,
  anonymousRss: 1000,
};
const budget: Budget = { applet: "sensor", limits: { heapUsed: 1500 }, budget: figures, mustNotContain: [] };

describe("excesses", () => {
  it("lets a figure pass within its tolerance", () => {
    expect(excesses({ ...figures, heapUsed: 1010, anonymousRss: 1050 }, budget)).toEqual([]);
  });

  it("fails above the tolerance, and without tolerance for counts", () => {
    const found = excesses({ ...figures, heapUsed: 1011, modules: 11 }, budget);
    expect(found.map((row) => row.figure)).toEqual(["heapUsed", "modules"]);
  });

  it("fails above a fixed limit even when the budget is higher", () => {
    const loose = { ...budget, budget: { ...figures, heapUsed: 9000 } };
    expect(excesses({ ...figures, heapUsed: 1501 }, loose)).toEqual([
      { figure: "heapUsed", measured: 1501, allowed: 1500, by: "limit" },
    ]);
  });
});

describe("ratchet", () => {
  it("lowers what became smaller and never raises anything", () => {
    const next = ratchet(budget, { ...figures, heapUsed: 900, modules: 12 });
    expect([next.budget.heapUsed, next.budget.modules]).toEqual([900, 10]);
  });

  it("keeps the figures of the executable when they were not measured", () => {
    const without = { ...figures, anonymousRss: 0, shippedHeapUsed: 0, shippedHeapUsedAndExternal: 0 };
    expect(ratchet(budget, without).budget).toEqual(figures);
  });
});

describe("median and spread", () => {
  it("take the middle and the relative width", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spread([99, 100, 101])).toBeCloseTo(0.02);
  });
});
