import { describe, expect, it } from "vitest";

import { LossRecord, type LossState } from "./loss-record.ts";

describe("LossRecord", () => {
  it("counts what a file says only where it makes sense [sinks D-4]", () => {
    const record = new LossRecord();
    for (const state of [
      { counts: { overflow: 1 } },
      { counts: { overflow: 1 }, firstMs: 1e99, lastMs: 1 },
      { counts: { overflow: "5", rejected: -1, expired: null }, firstMs: 1, lastMs: 1 },
      { firstMs: 1, lastMs: 1 },
    ]) {
      record.restore(state as unknown as LossState);
    }
    expect(record.state).toBeUndefined();
    record.restore({ counts: { overflow: 2 }, firstMs: 0, lastMs: 1_000 });
    expect(record.takeNotice("csv", 0).message).toBe(
      "2 alerts did not reach csv between 1970-01-01T00:00:00.000Z and 1970-01-01T00:00:01.000Z (overflow: 2)",
    );
  });

  it("keeps what a report tells until the receiver has it, together with what comes meanwhile [sinks D-6]", () => {
    const record = new LossRecord();
    record.add("overflow", 2, 1);
    record.takeNotice("csv", 5);
    record.add("overflow", 1, 7);
    expect(record.total).toBe(1);
    expect(record.state).toEqual({ counts: { overflow: 3 }, firstMs: 1, lastMs: 7 });
    record.untold();
    expect(record.total).toBe(3);
    record.takeNotice("csv", 8);
    record.told();
    expect(record.state).toBeUndefined();
  });
});
