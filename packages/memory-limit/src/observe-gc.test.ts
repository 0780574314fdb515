import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { GcStatistics, observeGc } from "./observe-gc.ts";

describe("observeGc", () => {
  it("[memory M-3] counts collections and their pauses, and keeps no timer", async () => {
    const metrics = createMetrics();
    const timersBefore = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    using _watch = await observeGc({ metrics, logger: noopLogger });
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length).toBe(timersBefore);
    globalThis.gc!();
    let text = "";
    for (let turn = 0; turn < 1000 && !text.includes('kinglet_gc_runs_total{kind="major"}'); turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      ({ text } = await metrics.exposition());
    }
    expect(text).toMatch(/kinglet_gc_runs_total\{kind="major"\} [1-9]/);
    expect(text).toMatch(/kinglet_gc_pause_seconds_count\{kind="major"\} [1-9]/);
  });
});

describe("GcStatistics", () => {
  const create = (): {
    gc: GcStatistics;
    warnings: LogFields[];
    advance: (ms: number) => void;
    text: () => Promise<string>;
  } => {
    let nowMs = 0;
    const warnings: LogFields[] = [];
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
    const logger: Logger = { ...noopLogger, warn: (_, fields) => void warnings.push(fields ?? {}) };
    const metrics = createMetrics();
    return {
      gc: new GcStatistics({ metrics, logger, clock, warnPerMinute: 30 }),
      warnings,
      advance: (ms) => {
        nowMs += ms;
      },
      text: async () => (await metrics.exposition()).text,
    };
  };

  it("[memory M-3] warns once a minute above 30 collections of the whole heap a minute", async () => {
    const { gc, warnings, advance, text } = create();
    for (let run = 0; run < 84; run++) {
      gc.record(4, 1);
      advance(700);
    }
    advance(60_000 - 84 * 700);
    expect(await text()).toContain("kinglet_gc_major_runs_per_minute 84\n");
    expect(warnings).toEqual([{ runsPerMinute: 84, warnPerMinute: 30 }]);
  });

  it("[memory M-3] does not warn for 30, nor for collections of young objects", async () => {
    const { gc, warnings, advance, text } = create();
    for (let run = 0; run < 30; run++) gc.record(4, 1);
    for (let run = 0; run < 500; run++) gc.record(1, 0.2);
    advance(60_000);
    expect(await text()).toContain("kinglet_gc_major_runs_per_minute 30\n");
    expect(warnings).toEqual([]);
    advance(600_000);
    expect(await text()).toContain("kinglet_gc_major_runs_per_minute 0\n");
  });
});
