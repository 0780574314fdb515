import type { Alert } from "@kinglet/detection";
import { ManualClock } from "@kinglet/lifecycle";
import { createMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { noopLogger } from "@kinglet/logger";
import { createError } from "@kinglet/errors";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { ScriptedExporter } from "../../test/scripted-exporter.ts";
import { alertSinksErrors } from "../errors.ts";
import { createNoticeAlert } from "../notice-alert.ts";
import type { LaneOptions } from "./lane-options.ts";
import type { Exporter } from "./exporter.ts";
import { createFanOut, type FanOut } from "./fan-out.ts";

const never = new AbortController().signal;

interface Running {
  readonly clock: ManualClock;
  readonly fanOut: FanOut;
  readonly metrics: MetricsRegistry;
  readonly publish: (...ids: number[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function start(exporters: readonly Exporter[], lane: LaneOptions = {}): Running {
  const clock = new ManualClock({ now: 1_000_000 });
  const metrics = createMetrics();
  const context = { clock, logger: noopLogger, metrics, random: () => 0 };
  const fanOut = createFanOut(
    exporters.map((exporter) => ({ exporter, lane })),
    context,
  );
  const stopping = new AbortController();
  const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
  return {
    clock,
    fanOut,
    metrics,
    publish: async (...ids) => {
      for (const id of ids) await fanOut.publish(createAlert(id), { signal: never });
      await clock.advance(0);
    },
    stop: () => {
      stopping.abort(new Error("stop"));
      return running;
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("createFanOut", () => {
  it("delivers to each receiver in order, with no timer left [sinks F-1]", async () => {
    const [a, b] = [new ScriptedExporter("a"), new ScriptedExporter("b", 3)];
    const { publish, clock, stop } = start([a, b]);
    await publish(...upTo(10));
    expect(a.ids()).toEqual(upTo(10));
    expect(b.ids()).toEqual(upTo(10));
    expect(b.batches.every((batch) => batch.length <= 3)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    await stop();
  });

  it("is not slowed by a receiver that is away or hangs [sinks F-2]", async () => {
    const [well, away, hanging] = [
      new ScriptedExporter("well"),
      new ScriptedExporter("away"),
      new ScriptedExporter("hanging"),
    ];
    away.state = "away";
    hanging.state = "hanging";
    const { publish, fanOut, stop } = start([away, hanging, well]);
    await publish(...upTo(100));
    expect(well.ids()).toEqual(upTo(100));
    expect(fanOut.waiting()).toEqual({ well: 0, away: 100, hanging: 100 });
    await stop();
  });

  it("drops the oldest beyond the bound and reports the gap when the receiver is back [sinks F-3]", async () => {
    const away = new ScriptedExporter("away");
    away.state = "away";
    const { publish, clock, fanOut, stop } = start([away], { maxEntries: 5 });
    await publish(1);
    await publish(...upTo(20).slice(1));
    expect(fanOut.waiting()).toEqual({ away: 6 });
    for (let minute = 0; minute < 10; minute++) await clock.advance(60_000);
    away.state = "up";
    await clock.advance(30_000);
    expect(away.ids()).toEqual([1, -1, 16, 17, 18, 19, 20]);
    expect(away.batches[1]?.[0]?.message).toMatch(/^14 alerts did not reach away between .* \(overflow: 14\)$/);
    await stop();
  });

  it("repeats after 1, 2, 4 … at most 30 s, within the deadline of an attempt [sinks F-4]", async () => {
    const away = new ScriptedExporter("away");
    away.state = "away";
    const { publish, clock, stop } = start([away]);
    await publish(1);
    const attemptsAfter: number[] = [];
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await clock.advance(delayMs - 1);
      const before = away.attempts;
      await clock.advance(1);
      attemptsAfter.push(away.attempts - before);
    }
    expect(attemptsAfter).toEqual([1, 1, 1, 1, 1, 1, 1]);
    away.state = "hanging";
    await clock.advance(30_000);
    away.state = "up";
    await clock.advance(15_000 + 30_000);
    expect(away.ids()).toEqual([1]);
    await stop();
  });

  it("is down from the first attempt that nobody answered to the next success [sinks F-4]", async () => {
    const away = new ScriptedExporter("away");
    const { publish, clock, metrics, stop } = start([away]);
    const up = async (): Promise<string | undefined> =>
      /^kinglet_alert_sinks_exporter_up\{sink="away"\} (\d)$/m.exec((await metrics.exposition()).text)?.[1];
    await publish(1);
    expect(await up()).toBe("1");
    away.state = "away";
    await publish(2);
    expect(await up()).toBe("0");
    away.state = "up";
    await clock.advance(1_000);
    expect(await up()).toBe("1");
    await stop();
  });

  it("gives up what is refused at once, goes on, and tells a minute later [sinks F-5]", async () => {
    const exporter = new ScriptedExporter("choosy");
    exporter.state = "refusing";
    const { publish, clock, stop } = start([exporter]);
    await publish(1);
    exporter.state = "up";
    await publish(2);
    expect(exporter.ids()).toEqual([2]);
    await clock.advance(60_000);
    expect(exporter.ids()).toEqual([2, -1]);
    await stop();
  });

  it("asks a receiver that refuses everything no more than it has alerts [sinks F-5]", async () => {
    const exporter = new ScriptedExporter("no");
    exporter.state = "refusing";
    const { publish, clock, stop } = start([exporter]);
    await publish(1);
    for (let step = 0; step < 60; step++) await clock.advance(60_000);
    expect(exporter.attempts).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    exporter.state = "up";
    await publish(2);
    expect(exporter.ids()).toEqual([2, -1]);
    expect(exporter.batches.at(-1)?.[0]?.message).toContain("1 alerts did not reach no");
    await stop();
  });

  it("tells the number of what was missed again when a report of it was refused [sinks F-5]", async () => {
    const exporter = new ScriptedExporter("picky");
    const { publish, clock, stop } = start([exporter], { maxPerMinute: 2 });
    await publish(...upTo(9));
    expect(exporter.ids()).toEqual([1, 2]);
    exporter.state = "refusing";
    await clock.advance(60_000);
    exporter.state = "up";
    await publish(10);
    await clock.advance(60_000);
    expect(exporter.ids()).toEqual([1, 2, 10, -1]);
    expect(exporter.batches.at(-1)?.[0]?.message).toMatch(/^7 alerts .*\(rate_limit: 7\)$/);
    await stop();
  });

  it("loses one alert that the receiver cannot take, not the batch that it is in [sinks F-5]", async () => {
    const sent: number[] = [];
    let requests = 0;
    const exporter: Exporter = {
      name: "choosy",
      maxBatch: 50,
      send: (alerts) => {
        requests += 1;
        const ids = alerts.map(({ uniqueId }) => Number(uniqueId));
        if (ids.includes(7)) {
          return Promise.reject(createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_REJECTED", { status: 413 }));
        }
        sent.push(...ids);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const { publish, fanOut, stop } = start([exporter], { batchWaitMs: 10_000 });
    await publish(...upTo(50));
    expect(sent).toEqual(upTo(50).filter((id) => id !== 7));
    expect(requests).toBeLessThanOrEqual(13);
    expect(fanOut.waiting()).toEqual({ choosy: 0 });
    await stop();
  });

  it("gives up a batch that can never be delivered [sinks F-6]", async () => {
    const exporter = new ScriptedExporter("broken");
    exporter.state = "away";
    const { publish, clock, fanOut, stop } = start([exporter], { giveUpAfterMs: 120_000 });
    await publish(1);
    for (let step = 0; step < 10; step++) await clock.advance(30_000);
    expect(fanOut.waiting()).toEqual({ broken: 0 });
    expect(clock.pendingTimers).toBe(0);
    await stop();
  });

  it("waits for a full batch or for its time, whichever is first [sinks F-7]", async () => {
    const exporter = new ScriptedExporter("bulk", 50);
    const { publish, clock, stop } = start([exporter], { batchWaitMs: 10_000 });
    await publish(1);
    await clock.advance(9_999);
    expect(exporter.attempts).toBe(0);
    await clock.advance(1);
    expect(exporter.ids()).toEqual([1]);
    await publish(...upTo(60));
    expect(exporter.batches.map((batch) => batch.length)).toEqual([1, 50]);
    await clock.advance(10_000);
    expect(exporter.batches.map((batch) => batch.length)).toEqual([1, 50, 10]);
    await stop();
  });

  it("sends exactly the permitted number a minute and says how many it withheld [node-agent http-rate-limit]", async () => {
    const exporter = new ScriptedExporter("limited", 50);
    const { publish, clock, stop } = start([exporter], { maxPerMinute: 100 });
    await publish(...upTo(1_000));
    expect(exporter.ids()).toEqual(upTo(100));
    await clock.advance(59_999);
    expect(exporter.ids()).toHaveLength(100);
    await clock.advance(1);
    expect(exporter.ids()).toEqual([...upTo(100), -1]);
    expect(exporter.batches.at(-1)?.[0]?.message).toContain("900 alerts did not reach limited");
    await publish(2_000);
    expect(exporter.ids().at(-1)).toBe(2_000);
    expect(clock.pendingTimers).toBe(0);
    await stop();
  });

  it("lets what a flood must not hide pass beyond the permitted number a minute [sinks B-5]", async () => {
    const exporter = new ScriptedExporter("limited", 50);
    const { fanOut, publish, clock, stop } = start([exporter], { maxPerMinute: 100 });
    const summaryOf = (namespace: string): Alert =>
      createNoticeAlert({ ruleId: "KINGLET-BUDGET", ruleName: "", message: "", nowMs: 0, namespace, severity: 10 });
    await publish(...upTo(150));
    const beyond = [
      createAlert(1_000, { ruleId: "R1002", severity: 10 }),
      createAlert(1_001, { ruleId: "R1000", severity: 8 }),
      createAlert(1_002, { ruleId: "R1002", severity: 10 }),
      // Not a notice, whatever it is called.
      createAlert(1_003, { ruleId: "KINGLET-BUDGET", severity: 1 }),
      createAlert(1_004, { ruleId: "KINGLET-BUDGET", severity: 1 }),
      ...Array.from({ length: 40 }, (_, at) => summaryOf(`n${at}`)),
    ];
    for (const alert of beyond) await fanOut.publish(alert, { signal: never });
    await clock.advance(0);
    const later = exporter.batches.flat().slice(100);
    expect(later.slice(0, 3).map(({ uniqueId }) => Number(uniqueId))).toEqual([1_000, 1_001, 1_003]);
    expect(later.slice(3).map(({ namespace }) => namespace)).toEqual(Array.from({ length: 40 }, (_, at) => `n${at}`));
    await clock.advance(60_000);
    expect(exporter.batches.at(-1)?.[0]?.message).toContain("52 alerts did not reach limited");
    expect([fanOut.waiting(), clock.pendingTimers]).toEqual([{ limited: 0 }, 0]);
    await stop();
  });

  it("delivers what is left at the end and counts the rest as lost [sinks F-8]", async () => {
    const [slow, away] = [new ScriptedExporter("slow", 50), new ScriptedExporter("away")];
    away.state = "away";
    const { publish, fanOut, clock, stop } = start([slow, away], { batchWaitMs: 10_000 });
    await publish(1, 2, 3);
    await stop();
    const drained = fanOut.drain({ timeoutMs: 5_000 });
    await clock.advance(5_000);
    await drained;
    expect(slow.ids()).toEqual([1, 2, 3]);
    await fanOut[Symbol.asyncDispose]();
  });

  it("refuses two exporters of one name", () => {
    expect(() => start([new ScriptedExporter("a"), new ScriptedExporter("a")])).toThrow("exporters must be");
  });
});
