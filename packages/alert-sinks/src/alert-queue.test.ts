import type { Alert, AlertSink } from "@kinglet/detection";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { AlertQueue, type AlertQueueOptions } from "./alert-queue.ts";

const alertOf = (id: number | string): Alert => ({
  uniqueId: String(id),
  ruleId: "R0001",
  ruleName: "rule",
  severity: 1,
  message: "",
  time: "",
  clusterName: "",
  nodeName: "",
  namespace: "",
  podName: "",
  podUid: "",
  containerName: "",
  containerId: "",
  image: "",
  workloadKind: "",
  workloadName: "",
  process: { pid: 1, uid: 0, binary: "", args: "", cwd: "", execId: "", parentBinary: "", parentPid: 0 },
  profile: undefined,
});

/** Confirms at once unless told otherwise: `fail(n)` lets the next n attempts fail. */
class ScriptedSink implements AlertSink {
  readonly name: string;
  readonly attempts: string[] = [];
  readonly published: string[] = [];
  failures = 0;
  /** While set, attempts hang and ignore their signal. */
  isHanging = false;

  constructor(name = "scripted") {
    this.name = name;
  }

  async publish(alert: Alert): Promise<void> {
    this.attempts.push(alert.uniqueId);
    if (this.isHanging) await new Promise<never>(() => {});
    if (this.failures > 0) {
      this.failures--;
      throw new Error("receiver is away");
    }
    this.published.push(alert.uniqueId);
  }
}

interface Setup {
  readonly queue: AlertQueue;
  readonly clock: ManualClock;
  readonly confirmed: number[];
  readonly failed: number[];
}

function setUp(sinks: readonly AlertSink[], options: Partial<AlertQueueOptions> = {}): Setup {
  const clock = new ManualClock();
  const confirmed: number[] = [];
  const failed: number[] = [];
  const queue = new AlertQueue({
    sinks,
    maxEntries: 10,
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    random: () => 0,
    onConfirmed: async (_alert, sequence) => {
      confirmed.push(sequence);
    },
    onFailed: async (_alert, sequence) => {
      failed.push(sequence);
    },
    ...options,
  });
  return { queue, clock, confirmed, failed };
}

/** Starts `run` and returns how to stop it; the rejection with the signal's reason is its normal end. */
function start(queue: AlertQueue): { stop(): Promise<void> } {
  const controller = new AbortController();
  const ended = queue.run({ signal: controller.signal }).catch(() => {});
  return {
    stop: () => {
      controller.abort(new Error("stop"));
      return ended;
    },
  };
}

describe("AlertQueue", () => {
  it("delivers in order and confirms each alert once", async () => {
    const sink = new ScriptedSink();
    const { queue, clock, confirmed } = setUp([sink]);
    const running = start(queue);
    for (const id of [1, 2, 3]) expect(queue.offer(alertOf(id), id)).toBe(true);
    await clock.advance(0);
    expect(sink.published).toEqual(["1", "2", "3"]);
    expect(confirmed).toEqual([1, 2, 3]);
    expect(queue.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await running.stop();
  });

  it("starts the next alert only after the confirmation of the last one is recorded", async () => {
    const sink = new ScriptedSink();
    let record = (): void => {};
    const { queue, clock } = setUp([sink], {
      onConfirmed: () =>
        new Promise((resolve) => {
          record = resolve;
        }),
    });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    queue.offer(alertOf(2), 2);
    await clock.advance(0);
    expect(sink.attempts).toEqual(["1"]);
    record();
    await clock.advance(0);
    expect(sink.attempts).toEqual(["1", "2"]);
    record();
    await running.stop();
  });

  it("refuses and counts what does not fit", () => {
    const { queue } = setUp([new ScriptedSink()], { maxEntries: 2 });
    expect([1, 2, 3, 4].map((id) => queue.offer(alertOf(id), id))).toEqual([true, true, false, false]);
    expect([queue.size, queue.dropped]).toEqual([2, 2]);
  });

  it("tries a failing sink again with growing delays", async () => {
    const sink = new ScriptedSink();
    sink.failures = 3;
    const { queue, clock, confirmed } = setUp([sink], { initialBackoffMs: 100, maxBackoffMs: 300 });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    await clock.advance(99);
    expect(sink.attempts).toHaveLength(1);
    await clock.advance(1);
    expect(sink.attempts).toHaveLength(2);
    await clock.advance(200);
    expect(sink.attempts).toHaveLength(3);
    expect(confirmed).toEqual([]);
    await clock.advance(300);
    expect(confirmed).toEqual([1]);
    await running.stop();
  });

  it("gives an alert up after the last attempt, logs it and goes on", async () => {
    const lines: LogFields[] = [];
    const logger: Logger = { ...noopLogger, error: (_message, fields = {}) => lines.push(fields) };
    const sink = new ScriptedSink();
    sink.failures = 3;
    const { queue, clock, confirmed, failed } = setUp([sink], { maxAttempts: 3, logger });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    queue.offer(alertOf(2), 2);
    await clock.advance(60_000);
    expect(failed).toEqual([1]);
    expect(confirmed).toEqual([2]);
    expect(lines).toMatchObject([{ sink: "scripted", alert: "1", attemptsLeft: 0 }]);
    await running.stop();
  });

  it("is not held by a sink that neither answers nor obeys its signal", async () => {
    const sink = new ScriptedSink();
    sink.isHanging = true;
    const { queue, clock, failed } = setUp([sink], { maxAttempts: 2, publishTimeoutMs: 1_000 });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    await clock.advance(10_000);
    expect(failed).toEqual([1]);
    await running.stop();
  });

  it("confirms an alert that one of two sinks has, and counts the other as failed", async () => {
    const good = new ScriptedSink("good");
    const bad = new ScriptedSink("bad");
    bad.failures = 100;
    const { queue, clock, confirmed, failed } = setUp([good, bad], { maxAttempts: 2 });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    await clock.advance(60_000);
    expect([confirmed, failed]).toEqual([[1], []]);
    expect(good.attempts).toEqual(["1"]);
    await running.stop();
  });

  it("keeps an interrupted alert at the head and repeats only the sinks that lack it", async () => {
    const good = new ScriptedSink("good");
    const slow = new ScriptedSink("slow");
    slow.isHanging = true;
    const { queue, clock, confirmed } = setUp([good, slow]);
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    queue.offer(alertOf(2), 2);
    await clock.advance(0);
    await running.stop();
    expect([queue.size, confirmed]).toEqual([2, []]);
    slow.isHanging = false;
    await queue.drain({ timeoutMs: 1_000 });
    expect(good.published).toEqual(["1", "2"]);
    expect(slow.published).toEqual(["1", "2"]);
    expect(confirmed).toEqual([1, 2]);
  });

  it("goes on when a confirmation cannot be recorded", async () => {
    const sink = new ScriptedSink();
    const { queue, clock } = setUp([sink], {
      onConfirmed: () => Promise.reject(new Error("disk is full")),
    });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    queue.offer(alertOf(2), 2);
    await clock.advance(0);
    expect(sink.published).toEqual(["1", "2"]);
    await running.stop();
  });

  it("refuses options that make no sense", () => {
    const code = { code: "KINGLET_ERR_ALERT_SINKS_INVALID_OPTION" };
    expect(() => setUp([])).toThrow(expect.objectContaining(code));
    expect(() => setUp([new ScriptedSink()], { maxEntries: 0 })).toThrow(expect.objectContaining(code));
    expect(() => setUp([new ScriptedSink()], { maxAttempts: 0 })).toThrow(expect.objectContaining(code));
  });

  describe("waitForRoom", () => {
    it("resolves at once while there is room, and else when an alert has left", async () => {
      const sink = new ScriptedSink();
      const { queue, clock } = setUp([sink], { maxEntries: 1 });
      const { signal } = new AbortController();
      await queue.waitForRoom({ signal });
      queue.offer(alertOf(1), 1);
      let hasRoom = false;
      const waiting = queue.waitForRoom({ signal }).then(() => {
        hasRoom = true;
      });
      await clock.advance(0);
      expect(hasRoom).toBe(false);
      const running = start(queue);
      await waiting;
      expect(queue.offer(alertOf(2), 2)).toBe(true);
      await running.stop();
    });

    it("ends with the signal's reason, and with a code when the queue drains", async () => {
      const { queue } = setUp([new ScriptedSink()], { maxEntries: 1 });
      queue.offer(alertOf(1), 1);
      const controller = new AbortController();
      const waiting = queue.waitForRoom({ signal: controller.signal });
      controller.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
      const other = queue.waitForRoom({ signal: new AbortController().signal });
      const drained = queue.drain({ timeoutMs: 1_000 });
      await expect(other).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_STOPPED" });
      await drained;
    });
  });

  describe("drain", () => {
    it("waits for the running delivery and its confirmation, and refuses new alerts", async () => {
      const sink = new ScriptedSink();
      const { queue, clock, confirmed } = setUp([sink]);
      const running = start(queue);
      queue.offer(alertOf(1), 1);
      queue.offer(alertOf(2), 2);
      const drained = queue.drain({ timeoutMs: 1_000 });
      expect(queue.offer(alertOf(3), 3)).toBe(false);
      await drained;
      expect(confirmed).toEqual([1, 2]);
      expect(clock.pendingTimers).toBe(0);
      await running.stop();
    });

    it("ends in time when the sink is away, and leaves the alerts unconfirmed", async () => {
      const sink = new ScriptedSink();
      sink.isHanging = true;
      const { queue, clock, confirmed, failed } = setUp([sink]);
      queue.offer(alertOf(1), 1);
      const drained = queue.drain({ timeoutMs: 500 });
      await clock.advance(500);
      await drained;
      expect([queue.size, confirmed, failed]).toEqual([1, [], []]);
    });
  });

  /** The obvious version: a list, and what the sink and the call-backs must have seen. */
  interface Model {
    accepted: number[];
    dropped: number;
    nextId: number;
  }

  interface Real extends Setup {
    readonly sink: ScriptedSink;
    running: { stop(): Promise<void> } | undefined;
  }

  const maxEntries = 4;

  function assertAgrees(model: Model, real: Real, isSettled = false): void {
    const { queue, confirmed, failed, sink } = real;
    const done = [...confirmed, ...failed].sort((left, right) => left - right);
    // Exactly once, in order, and nothing that was not accepted.
    expect(done).toEqual(model.accepted.slice(0, done.length));
    expect(confirmed).toEqual(confirmed.toSorted((left, right) => left - right));
    expect(sink.published.map(Number)).toEqual(expect.arrayContaining(confirmed));
    // An alert leaves a moment after its call-back settled.
    const leaving = queue.size - (model.accepted.length - done.length);
    expect(leaving).toBeGreaterThanOrEqual(0);
    expect(leaving).toBeLessThanOrEqual(isSettled ? 0 : 1);
    expect(queue.size).toBeLessThanOrEqual(maxEntries);
    expect(queue.dropped).toBe(model.dropped);
  }

  class Offer implements fc.AsyncCommand<Model, Real> {
    check = (): boolean => true;
    async run(model: Model, real: Real): Promise<void> {
      const id = model.nextId++;
      const hadRoom = real.queue.size < maxEntries;
      expect(real.queue.offer(alertOf(id), id)).toBe(hadRoom);
      if (hadRoom) model.accepted.push(id);
      else model.dropped++;
      assertAgrees(model, real);
    }
    toString = (): string => "offer";
  }

  class Fail implements fc.AsyncCommand<Model, Real> {
    readonly #count: number;
    constructor(count: number) {
      this.#count = count;
    }
    check = (): boolean => true;
    async run(_model: Model, real: Real): Promise<void> {
      real.sink.failures = this.#count;
    }
    toString = (): string => `fail ${this.#count}`;
  }

  class Advance implements fc.AsyncCommand<Model, Real> {
    readonly #ms: number;
    constructor(ms: number) {
      this.#ms = ms;
    }
    check = (): boolean => true;
    async run(model: Model, real: Real): Promise<void> {
      await real.clock.advance(this.#ms);
      assertAgrees(model, real, true);
    }
    toString = (): string => `advance ${this.#ms}`;
  }

  class Restart implements fc.AsyncCommand<Model, Real> {
    check = (): boolean => true;
    async run(model: Model, real: Real): Promise<void> {
      if (real.running === undefined) real.running = start(real.queue);
      else {
        await real.running.stop();
        real.running = undefined;
      }
      assertAgrees(model, real);
    }
    toString = (): string => "start or stop";
  }

  it("agrees with a plain list under any interleaving of offers, failures, pauses and restarts", async () => {
    const commands = fc.commands(
      [
        fc.constant(new Offer()),
        fc.integer({ min: 0, max: 5 }).map((count) => new Fail(count)),
        fc.integer({ min: 0, max: 2_000 }).map((ms) => new Advance(ms)),
        fc.constant(new Restart()),
      ],
      { maxCommands: 40 },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const sink = new ScriptedSink();
        const real: Real = { ...setUp([sink], { maxEntries, maxAttempts: 3 }), sink, running: undefined };
        const model: Model = { accepted: [], dropped: 0, nextId: 1 };
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await real.running?.stop();
        sink.failures = 0;
        await real.queue.drain({ timeoutMs: 60_000 });
        expect([...real.confirmed, ...real.failed].toSorted((left, right) => left - right)).toEqual(model.accepted);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it("never gives up with unlimited attempts, and warns once per alert", async () => {
    const sink = new ScriptedSink();
    sink.failures = 500;
    const warnings: string[] = [];
    const logger: Logger = { ...noopLogger, warn: (message) => void warnings.push(message) };
    const { queue, clock, confirmed, failed } = setUp([sink], { maxAttempts: Number.MAX_SAFE_INTEGER, logger });
    const running = start(queue);
    queue.offer(alertOf(1), 1);
    await clock.advance(400 * 10_000);
    expect([confirmed, failed, warnings]).toEqual([[], [], ["an alert could not be delivered, trying again"]]);
    await clock.advance(200 * 10_000);
    expect([confirmed, failed]).toEqual([[1], []]);
    await running.stop();
  });
});
