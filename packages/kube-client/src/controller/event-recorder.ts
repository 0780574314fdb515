import { hasCode } from "@kinglet/errors";
import { BoundedQueue, sleep, systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import type { KubeClient } from "../kube-client.ts";
import { microTime } from "./lease.ts";
import { RECORDED_EVENTS_TOTAL } from "./metrics.ts";
import { events, type EventInput, type EventObject, type ObjectReference } from "./recorded-event.ts";

/** @public */
export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, "create" | "patch">;
  /** Who reports, a qualified name like `kinglet.dev/config-controller`. */
  readonly reportingController: string;
  /** Which instance, e.g. the pod name; at most 128 characters. */
  readonly reportingInstance: string;
  /** Events that may wait to be written; more are dropped and counted. @defaultValue 1_000 */
  readonly maxQueued?: number;
  /** Different events remembered for counting repetitions. @defaultValue 4_096 */
  readonly maxRemembered?: number;
  readonly clock?: Clock;
  /** 0 ≤ x < 1. @defaultValue `Math.random` */
  readonly random?: () => number;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

/** An event that may happen again. */
interface Remembered {
  object: EventObject;
  count: number;
  lastMs: number;
  writtenMs: number;
  writtenCount: number;
}

/** A repetition so long after the last one is a new event. */
const SERIES_ENDS_MS = 360_000;
/** How often the count of a series that goes on is written. */
const REFRESH_MS = 1_800_000;
const MAX_TRIES = 12;
const RETRY_MS = 10_000;
const MAX_NOTE = 1024;
const MAX_WORD = 128;
/** What may name an event. */
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Writes Kubernetes Events, `events.k8s.io/v1`.
 *
 * The same event again (everything equal but the time) becomes a `series` of the first one: a thousand repetitions are one object and a few patches.
 * `record` never fails, never waits and never throws; what cannot be written is counted (`kinglet_recorded_events_total`).
 *
 * @see kubernetes/client-go `tools/events/event_broadcaster.go` for the figures.
 * @public
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #outcomes: Counter<"outcome">;
  readonly #remembered: Map<string, Remembered> = new Map();
  readonly #queue: BoundedQueue<string>;
  #timer: ClockTimer | undefined;
  #isRunning = false;
  #serial = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? noopLogger;
    this.#outcomes = (options.metrics ?? noopMetrics).counter(RECORDED_EVENTS_TOTAL);
    this.#queue = new BoundedQueue({
      maxEntries: options.maxQueued ?? 1_000,
      onDrop: (key) => this.#dropped(key),
    });
  }

  /** Notes that something happened; it is written while `run` runs. */
  record(input: EventInput): void {
    const nowMs = this.#clock.now();
    const key = JSON.stringify([input.regarding, input.related, input.type, input.reason, input.action, input.note]);
    const former = this.#remembered.get(key);
    if (former !== undefined && nowMs - former.lastMs <= SERIES_ENDS_MS) {
      former.count++;
      former.lastMs = nowMs;
      // The first repetition makes the series; the others only count.
      if (former.count === 2) this.#enqueue(key);
      return;
    }
    this.#remembered.delete(key);
    this.#makeRoom();
    const object = this.#object(input, nowMs);
    this.#remembered.set(key, { object, count: 1, lastMs: nowMs, writtenMs: nowMs, writtenCount: 0 });
    this.#enqueue(key);
    this.#armFinish();
  }

  /** Writes until the signal fires, then what waits, for `drainMs` at most. */
  async run({ signal, drainMs = 2_000 }: { readonly signal: AbortSignal; readonly drainMs?: number }): Promise<void> {
    const giveUp = new AbortController();
    let drain: ClockTimer | undefined;
    const onStop = (): void => {
      drain = this.#clock.startTimer(() => giveUp.abort(), drainMs);
    };
    this.#isRunning = true;
    this.#armFinish();
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
    try {
      while (!giveUp.signal.aborted) {
        // Rejects only when the signal fires: then what waits is still written.
        const key = this.#queue.tryTake() ?? (await this.#queue.take({ signal }).catch(() => {}));
        if (key === undefined) break;
        await this.#write(key, giveUp.signal);
      }
    } finally {
      signal.removeEventListener("abort", onStop);
      drain?.cancel();
      this.#isRunning = false;
      this.#timer?.cancel();
      this.#timer = undefined;
    }
  }

  #enqueue(key: string): void {
    this.#queue.offer(key);
  }

  async #write(key: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const { random = Math.random } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const entry = this.#remembered.get(key);
      if (entry === undefined) return;
      const { object, count, lastMs, writtenCount } = entry;
      const { name, namespace } = object.metadata;
      const series = count > 1 ? { series: { count, lastObservedTime: microTime(lastMs) } } : {};
      try {
        if (writtenCount === 0) await client.create(events, { ...object, ...series }, { signal });
        else if (count > writtenCount) await client.patch(events, name, series, { type: "merge", namespace, signal });
        entry.writtenCount = count;
        entry.writtenMs = this.#clock.now();
        this.#outcomes.add(1, { outcome: "written" });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (writtenCount === 0 && attempt > 1 && hasCode(error, "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS")) {
          // Of an earlier attempt only the answer was lost.
          entry.writtenCount = 1;
          continue;
        }
        const isForgotten = writtenCount > 0 && hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND");
        // Events live for an hour by default: the series begins anew.
        if (isForgotten) entry.writtenCount = 0;
        else if (attempt >= MAX_TRIES || !isRetryable(error)) {
          this.#outcomes.add(1, { outcome: "failed" });
          this.#logger.warn("an event was not written", { reason: object.reason, error: (error as Error).message });
          this.#remembered.delete(key);
          return;
        }
      }
      // Rejects only when the signal fires, which the next attempt sees.
      await sleep(RETRY_MS * (0.5 + random()), { signal, clock: this.#clock }).catch(() => {});
    }
  }

  #dropped(key: string): void {
    this.#outcomes.add(1, { outcome: "dropped" });
    const entry = this.#remembered.get(key);
    if (entry?.writtenCount === 0) this.#remembered.delete(key);
  }

  /** The oldest series is closed when there are too many. */
  #makeRoom(): void {
    if (this.#remembered.size < (this.#options.maxRemembered ?? 4_096)) return;
    for (const key of this.#remembered.keys()) {
      this.#remembered.delete(key);
      return;
    }
  }

  /** One timer while anything is remembered, and somebody writes. */
  #armFinish(): void {
    if (!this.#isRunning || this.#remembered.size === 0) return;
    this.#timer ??= this.#clock.startTimer(() => {
      this.#timer = undefined;
      this.#finish();
      this.#armFinish();
    }, SERIES_ENDS_MS);
    this.#timer.unref();
  }

  #finish(): void {
    const nowMs = this.#clock.now();
    for (const [key, entry] of this.#remembered) {
      const isOver = nowMs - entry.lastMs >= SERIES_ENDS_MS;
      const isUnwritten = entry.count > entry.writtenCount;
      if (isUnwritten && (isOver || nowMs - entry.writtenMs >= REFRESH_MS)) this.#enqueue(key);
      // One whose last count is still to be written goes the next time round.
      else if (isOver) this.#remembered.delete(key);
    }
  }

  #object(input: EventInput, nowMs: number): EventObject {
    const { reportingController, reportingInstance } = this.#options;
    const { regarding, related, type, reason, action, note } = input;
    this.#serial = (this.#serial + 1) % 0x1_0000;
    const suffix = `${nowMs.toString(16)}${this.#serial.toString(16).padStart(4, "0")}`;
    // An event lives in the namespace of what it is about, those of cluster-scoped objects in `default`.
    const namespace = namespaceOf(regarding);
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: eventName(regarding.name, suffix), namespace },
      eventTime: microTime(nowMs),
      type,
      reason: reason.slice(0, MAX_WORD),
      action: action.slice(0, MAX_WORD),
      note: cut(note, MAX_NOTE),
      reportingController,
      reportingInstance: reportingInstance.slice(0, MAX_WORD),
      regarding,
      ...(related === undefined ? {} : { related }),
    };
  }
}

/** The object's name and a suffix; a name that may not begin an event's (roles have colons and capitals) is left out. */
function eventName(name: string, suffix: string): string {
  const begin = name.slice(0, 253 - suffix.length - 1);
  return DNS_SUBDOMAIN.test(begin) ? `${begin}.${suffix}` : `event.${suffix}`;
}

function namespaceOf({ namespace }: ObjectReference): string {
  return namespace === undefined || namespace === "" ? "default" : namespace;
}

/** The limit counts bytes. */
function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - 3;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${new TextDecoder().decode(bytes.subarray(0, end))}…`;
}

function isRetryable(error: unknown): boolean {
  return (
    (error as { readonly retryable?: unknown }).retryable === true &&
    !hasCode(error, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN")
  );
}
