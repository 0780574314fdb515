import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { SourceCounters } from "../source-counters.ts";
import { LossBook } from "./loss-book.ts";

describe("LossBook", () => {
  it("tells the time in which auditing is switched off as blind, whatever connects meanwhile [linux-audit losses]", async () => {
    const clock = new ManualClock();
    let status = "enabled 1\npid 5\nlost 0\n";
    const book = new LossBook({
      clock,
      logger: noopLogger,
      counters: new SourceCounters(noopMetrics),
      readStatus: () => Promise.resolve(status),
    });
    const startMs = clock.now();
    await book.watch(new AbortController().signal);
    expect(book.intervals).toEqual([]);
    status = "enabled 0\npid 5\nlost 0\n";
    await clock.advance(60_000);
    const reason = "auditing is switched off on this node (auditctl: enabled 0)";
    expect(book.reason).toBe(reason);
    // It may have been switched off right after it was asked last.
    expect(book.intervals).toEqual([{ fromMs: startMs, untilMs: undefined, reason }]);
    book.sighted(clock.now());
    expect(book.intervals.at(-1)?.untilMs).toBeUndefined();
    await clock.advance(60_000);
    status = "enabled 1\npid 5\nlost 0\n";
    await clock.advance(60_000);
    expect(book.reason).toBe("");
    expect(book.intervals).toEqual([{ fromMs: startMs, untilMs: clock.now(), reason }]);
    book.stop();
  });
});
