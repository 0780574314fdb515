import { describe, expect, it } from "vitest";
import { isConditionStatus, setCondition, type Condition } from "./conditions.ts";

const first = Date.UTC(2026, 0, 1);
const ready = { type: "Ready", status: "True", reason: "Synced", message: "" } as const;

describe("setCondition", () => {
  it("changes the time only when the status flips [client M14]", () => {
    const one = setCondition([], ready, first);
    expect(one).toEqual([{ ...ready, lastTransitionTime: "2026-01-01T00:00:00Z" }]);
    const other = setCondition(one, { ...ready, reason: "Other", observedGeneration: 2 }, first + 60_000);
    expect(other[0]).toMatchObject({
      reason: "Other",
      observedGeneration: 2,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
    const flipped = setCondition(other, { ...ready, status: "False" }, first + 61_500);
    expect(flipped[0]?.lastTransitionTime).toBe("2026-01-01T00:01:01Z");
    expect([isConditionStatus(flipped, "Ready", "False"), isConditionStatus(flipped, "Other", "False")]).toEqual([
      true,
      false,
    ]);
  });

  it("gives the same list when nothing changes, and keeps one of each type in its place [client M14]", () => {
    const a = setCondition(setCondition([], { ...ready, type: "A" }, first), ready, first);
    expect(setCondition(a, ready, first + 1_000_000)).toBe(a);
    const doubled: Condition[] = [...a, { ...a[1]!, status: "False" }, { ...a[0]!, reason: "Twice" }];
    const mended = setCondition(doubled, { ...ready, type: "A", reason: "New" }, first);
    expect(mended.map(({ type, reason }) => `${type} ${reason}`)).toEqual(["A New", "Ready Synced"]);
  });

  it("refuses a reason that the API server would refuse [client M14]", () => {
    for (const reason of ["", "not a word", "Ends:", "x".repeat(1025)]) {
      expect(() => setCondition([], { ...ready, reason }, first)).toThrow(/must be a CamelCase word/);
    }
  });
});
