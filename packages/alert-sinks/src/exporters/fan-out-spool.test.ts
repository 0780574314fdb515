import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ManualClock, systemClock } from "@kinglet/lifecycle";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { createMetrics, noopMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { ScriptedExporter } from "../../test/scripted-exporter.ts";
import type { LaneOptions } from "./lane-options.ts";
import type { Exporter } from "./exporter.ts";
import { createFanOut, type FanOut } from "./fan-out.ts";

const never = new AbortController().signal;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

let parent = "";
let folder = "";
beforeEach(async () => {
  parent = await mkdtemp(`${tmpdir()}/kinglet-fan-out-`);
  folder = `${parent}/alerts`;
});
afterEach(() => rm(parent, { recursive: true }));

interface Process {
  readonly fanOut: FanOut;
  readonly errors: string[];
  readonly metrics: MetricsRegistry;
  readonly publish: (...ids: number[]) => Promise<void>;
  /** Nothing of it goes on, and nothing is told to it. */
  readonly kill: () => Promise<void>;
}

/** A process with one receiver; its state folder is that of the one before it. */
function start(exporter: Exporter, lane: LaneOptions = {}, maxBytes = 1_000_000): Process {
  const errors: string[] = [];
  const log = (_message: string, { error }: LogFields = {}): void => {
    const { code } = (error ?? {}) as { readonly code?: string };
    if (code !== undefined) errors.push(code);
  };
  const logger: Logger = { error: log, warn: log, info: () => {}, debug: () => {}, isEnabled: () => true };
  const metrics = createMetrics();
  const fanOut = createFanOut([{ exporter, lane: { initialBackoffMs: 2, maxBackoffMs: 4, ...lane } }], {
    clock: systemClock,
    logger,
    metrics,
    random: () => 0,
    spool: { folder, maxBytes },
  });
  const stopping = new AbortController();
  const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
  return {
    fanOut,
    errors,
    metrics,
    publish: async (...ids) => {
      for (const id of ids) await fanOut.publish(createAlert(id), { signal: never });
    },
    kill: () => {
      stopping.abort(new Error("killed"));
      return running;
    },
  };
}

const awayExporter = (maxBatch = 1): ScriptedExporter => {
  const exporter = new ScriptedExporter("syslog", maxBatch);
  exporter.state = "away";
  return exporter;
};

describe("createFanOut with a spool", () => {
  it("delivers in order after a kill what waited for a receiver that was away [sinks D-1]", async () => {
    const first = start(awayExporter());
    await first.publish(...upTo(300));
    await first.kill();
    const up = new ScriptedExporter("syslog", 50);
    const second = start(up);
    await second.publish(301);
    await expect.poll(() => up.ids()).toEqual(upTo(301));
    expect(second.fanOut.waiting()).toEqual({ syslog: 0 });
    await second.kill();
    const third = new ScriptedExporter("syslog");
    const last = start(third);
    await last.publish(302);
    await expect.poll(() => third.ids()).toEqual([302]);
    expect([...first.errors, ...second.errors, ...last.errors]).toEqual([]);
    await last.kill();
  });

  it("holds few alerts in memory, however long the receiver is away, and is not slowed by it [sinks D-1]", async () => {
    const exporter = awayExporter(50);
    const { publish, fanOut, kill } = start(exporter, { maxEntries: 10, giveUpAfterMs: 1 });
    await publish(...upTo(2_000).slice(0, 500));
    expect(fanOut.waiting()).toEqual({ syslog: 500 });
    exporter.state = "up";
    await expect.poll(() => exporter.ids()).toEqual(upTo(500));
    await kill();
  });

  it("tells after a kill what gave way on a disk that was full of alerts [sinks D-2] [sinks D-6]", async () => {
    const first = start(awayExporter(), {}, 65_536);
    await first.publish(...upTo(200));
    const { metrics } = first;
    const text = (await metrics.exposition()).text;
    const lost = Number(/exporter_lost_total\{sink="syslog",reason="overflow"\} (\d+)/.exec(text)?.[1]);
    expect(lost).toBeGreaterThan(50);
    await first.kill();
    const up = new ScriptedExporter("syslog", 50);
    const second = start(up);
    await expect.poll(() => up.ids()).toContain(-1);
    const notice = up.batches.flat().find(({ ruleId }) => ruleId === "KINGLET-GAP");
    expect(notice?.message).toContain(`${lost} alerts did not reach syslog`);
    await expect.poll(() => up.ids().filter((id) => id > 0).length).toBe(200 - lost);
    await second.kill();
    const third = new ScriptedExporter("syslog");
    const last = start(third);
    await last.publish(201);
    await expect.poll(() => third.ids()).toEqual([201]);
    await last.kill();
  });

  it("tells the next receiver the whole number when a report of it did not arrive [sinks D-6]", async () => {
    const exporter = new ScriptedExporter("syslog");
    const first = start(exporter, { maxPerMinute: 10 });
    await first.publish(...upTo(50));
    await expect.poll(() => exporter.ids()).toEqual(upTo(10));
    exporter.state = "hanging";
    await first.kill();
    // The report is under way when the time of the drain is over.
    await first.fanOut.drain({ timeoutMs: 20 });
    await first.fanOut[Symbol.asyncDispose]();
    const up = new ScriptedExporter("syslog");
    const second = start(up);
    await expect.poll(() => up.ids()).toEqual([-1]);
    expect(up.batches[0]?.[0]?.message).toMatch(/^40 alerts did not reach syslog .*\(rate_limit: 40\)$/);
    await second.kill();
  });

  it("goes on after an alert that nobody can send any more [sinks D-4]", async () => {
    const first = start(awayExporter());
    await first.publish(1, 2, 3);
    await first.kill();
    const up = new ScriptedExporter("syslog", 50);
    const send = up.send.bind(up);
    // As an alert of another version would.
    up.send = (alerts) =>
      alerts.some(({ uniqueId }) => Number(uniqueId) === 2)
        ? Promise.reject(new Error("cannot be sent", { cause: new TypeError("no such property") }))
        : send(alerts);
    const second = start(up);
    await expect.poll(() => up.ids().filter((id) => id > 0)).toEqual([1, 3]);
    await expect.poll(async () => (await second.metrics.exposition()).text).toMatch(/reason="rejected"\} 1\n/);
    await second.kill();
  });

  it("writes an alert once, although somebody gave up waiting for the disk and asked again [sinks D-1]", async () => {
    const exporter = new ScriptedExporter("syslog", 50);
    const { fanOut, publish, kill } = start(exporter);
    const alert = createAlert(1);
    const first = fanOut.publish(alert, { signal: never });
    await fanOut.publish(alert, { signal: never });
    await first;
    await fanOut.publish(alert, { signal: never });
    await publish(2);
    await expect.poll(() => exporter.ids()).toContain(2);
    expect(exporter.ids()).toEqual([1, 2]);
    await kill();
  });

  it("keeps in memory what the disk does not take, counts it, says so once, and delivers it [sinks D-3]", async () => {
    await writeFile(folder, "no folder can be made here");
    const exporter = awayExporter();
    const { publish, fanOut, metrics, errors, kill } = start(exporter, { maxEntries: 5 });
    await publish(...upTo(8));
    expect(fanOut.waiting()).toEqual({ syslog: 6 });
    expect(errors).toEqual(["KINGLET_ERR_ALERT_SINKS_STATE_UNWRITABLE"]);
    const text = (await metrics.exposition()).text;
    expect(text).toMatch(/exporter_spool_failures_total\{sink="syslog"\} 9\n/);
    expect(text).toMatch(/exporter_lost_total\{sink="syslog",reason="overflow"\} 2\n/);
    await rm(folder);
    await publish(9);
    exporter.state = "up";
    await expect.poll(() => exporter.ids().filter((id) => id > 0)).toEqual([1, 4, 5, 6, 7, 8, 9]);
    await expect.poll(() => exporter.ids()).toContain(-1);
    expect((await readdir(`${folder}/syslog`)).length).toBe(1);
    await kill();
  });

  it("keeps at the end what could not be delivered, and does not wait for a receiver that is away [sinks D-1]", async () => {
    const first = start(awayExporter());
    await first.publish(...upTo(120));
    await first.kill();
    await first.fanOut.drain({ timeoutMs: 60_000 });
    await first.publish(121);
    expect((await first.metrics.exposition()).text).not.toContain('reason="shutdown"');
    await first.fanOut[Symbol.asyncDispose]();
    const up = new ScriptedExporter("syslog");
    const second = start(up);
    await expect.poll(() => up.ids()).toEqual(upTo(121));
    await second.kill();
  });

  it("tries what no disk took until the end of the time, as without a spool [sinks D-3]", async () => {
    await writeFile(folder, "no folder can be made here");
    const exporter = awayExporter();
    const { publish, fanOut, kill, metrics } = start(exporter);
    await publish(1, 2, 3);
    await kill();
    const before = exporter.attempts;
    const draining = fanOut.drain({ timeoutMs: 60_000 });
    await expect.poll(() => exporter.attempts).toBeGreaterThan(before + 2);
    exporter.state = "up";
    await draining;
    expect(exporter.ids()).toEqual([1, 2, 3]);
    expect((await metrics.exposition()).text).not.toContain('reason="shutdown"');
  });

  it("sends what waited on disk no faster than the permitted number a minute [node-agent http-rate-limit]", async () => {
    const first = start(awayExporter(50));
    await first.publish(...upTo(250));
    await first.kill();
    const up = new ScriptedExporter("syslog", 50);
    const clock = new ManualClock();
    const context = { clock, logger: noopLogger, metrics: noopMetrics, spool: { folder } };
    const fanOut = createFanOut([{ exporter: up, lane: { maxPerMinute: 100 } }], context);
    const stopping = new AbortController();
    const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
    await expect.poll(() => clock.pendingTimers).toBe(1);
    expect(up.ids()).toEqual(upTo(100));
    await clock.advance(59_999);
    expect(up.ids()).toHaveLength(100);
    await clock.advance(1);
    await expect.poll(() => up.ids()).toEqual(upTo(200));
    stopping.abort(new Error("stop"));
    await running;
    await fanOut.drain({ timeoutMs: 5_000 });
    expect([up.ids().length, fanOut.waiting()]).toEqual([200, { syslog: 50 }]);
  });

  it("has no timer and no file while nothing waits [sinks D-5]", async () => {
    const clock = new ManualClock();
    const up = new ScriptedExporter("syslog");
    const context = { clock, logger: noopLogger, metrics: noopMetrics, spool: { folder } };
    const fanOut = createFanOut([{ exporter: up }], context);
    const stopping = new AbortController();
    const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
    expect(clock.pendingTimers).toBe(0);
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
    await fanOut.publish(createAlert(1), { signal: never });
    await expect.poll(() => up.ids()).toEqual([1]);
    await expect.poll(() => clock.pendingTimers).toBe(0);
    stopping.abort(new Error("stop"));
    await running;
  });

  it("says that alerts wait for a receiver that is not set any more", async () => {
    const first = start(awayExporter());
    await first.publish(1);
    await first.kill();
    const warned: string[] = [];
    const log = (): void => {};
    const logger: Logger = {
      error: log,
      info: log,
      debug: log,
      isEnabled: () => true,
      warn: (message, fields) => void warned.push(`${message}: ${String(fields?.["sink"])}`),
    };
    const context = { clock: systemClock, logger, metrics: noopMetrics, spool: { folder } };
    const fanOut = createFanOut([{ exporter: new ScriptedExporter("otlp") }], context);
    const stopping = new AbortController();
    const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
    await expect.poll(() => warned).toEqual(["alerts wait on disk for a receiver that is not set any more: syslog"]);
    stopping.abort(new Error("stop"));
    await running;
  });
});
