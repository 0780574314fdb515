import { systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";
import { noopMetrics, type Counter, type Histogram, type Metrics } from "@kinglet/metrics";
import { DelayHeap } from "./delay-heap.ts";
import {
  WORK_QUEUE_ADDS_TOTAL,
  WORK_QUEUE_DEPTH,
  WORK_QUEUE_LONGEST_SECONDS,
  WORK_QUEUE_RETRIES_TOTAL,
  WORK_QUEUE_UNFINISHED_SECONDS,
  WORK_SECONDS,
} from "./metrics.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";

/** Priority of what was there before the controller started, and of re-deliveries: live changes go first. @public */
export const LOW_PRIORITY = -100;

/** @public */
export interface WorkQueueOptions {
  /** Name in metrics. */
  readonly name: string;
  /** @defaultValue `createRateLimiter()` without the common bucket, which is for calls, not for queues */
  readonly rateLimiter?: RateLimiter;
  readonly clock?: Clock;
  readonly metrics?: Metrics;
}

/** @public */
export interface AddOptions {
  /** Whole number; higher goes first. @defaultValue 0 */
  readonly priority?: number;
}

interface DelayedKey {
  readonly atMs: number;
  readonly priority: number;
  readonly order: number;
}

/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Keys of objects that somebody has to look at.
 *
 * Guarantees: a key waits at most once however often it is added; it is never given to two workers at a time; one that is added while a worker is at it
 * comes again after `done`. Higher priorities go first, equal ones in order of arrival; a key that is added again keeps the higher priority and the earlier time.
 *
 * Holds one entry per key that waits, is delayed or is worked on: as many as there are objects, not as there are events.
 *
 * @see kubernetes/client-go `util/workqueue/queue.go`, controller-runtime `pkg/controller/priorityqueue`.
 * @public
 */
export class WorkQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  /** Waiting keys by priority, each set in order of arrival. */
  readonly #ready: Map<number, Set<string>> = new Map();
  readonly #priorities: Map<string, number> = new Map();
  readonly #delayed: Map<string, DelayedKey> = new Map();
  readonly #heap: DelayHeap = new DelayHeap();
  /** Keys with a worker, and since when. */
  readonly #processing: Map<string, number> = new Map();
  /** Keys that were added while a worker was at them. */
  readonly #again: Map<string, number> = new Map();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  readonly #adds: Counter<"queue">;
  readonly #retries: Counter<"queue">;
  readonly #seconds: Histogram<"queue">;
  readonly #labels: { readonly queue: string };
  readonly #stopCollecting: () => void;
  #timer: ClockTimer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #order = 0;
  #isShutDown = false;

  constructor(options: WorkQueueOptions) {
    const { name, clock = systemClock, metrics = noopMetrics } = options;
    this.name = name;
    this.#clock = clock;
    this.#limiter = options.rateLimiter ?? createRateLimiter({ clock, perSecond: Number.POSITIVE_INFINITY });
    this.#labels = { queue: name };
    this.#adds = metrics.counter(WORK_QUEUE_ADDS_TOTAL);
    this.#retries = metrics.counter(WORK_QUEUE_RETRIES_TOTAL);
    this.#seconds = metrics.histogram(WORK_SECONDS);
    this.#stopCollecting = this.#collect(metrics);
  }

  /** Keys that wait for a worker now. */
  get size(): number {
    return this.#priorities.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  /** Puts a key in now; also one that was delayed. After `shutDown` it is ignored. */
  add(key: string, options: AddOptions = {}): void {
    if (this.#isShutDown) return;
    const delayed = this.#delayed.get(key);
    const priority = Math.max(options.priority ?? 0, delayed?.priority ?? Number.NEGATIVE_INFINITY);
    this.#delayed.delete(key);
    this.#put(key, priority);
  }

  /** Puts a key in after a while; when it is delayed already the earlier time counts. @param delayMs - ≥ 0; 0 is now. */
  addAfter(key: string, delayMs: number, options: AddOptions = {}): void {
    if (this.#isShutDown) return;
    if (delayMs <= 0) {
      this.add(key, options);
      return;
    }
    const { priority = 0 } = options;
    const former = this.#delayed.get(key);
    const wanted = { atMs: this.#clock.monotonicMs() + delayMs, priority, order: this.#order++ };
    if (former !== undefined && former.atMs <= wanted.atMs) {
      if (priority > former.priority) this.#delayed.set(key, { ...former, priority });
      return;
    }
    this.#delayed.set(key, { ...wanted, priority: Math.max(priority, former?.priority ?? priority) });
    this.#heap.push({ key, atMs: wanted.atMs, order: wanted.order });
    this.#arm();
  }

  /** Puts a key in after the time that the limiter gives it: after each failure longer. */
  addRateLimited(key: string, options: AddOptions = {}): void {
    if (this.#isShutDown) return;
    this.#retries.add(1, this.#labels);
    this.addAfter(key, this.#limiter.delayMs(key), options);
  }

  /** How often the key failed since it was forgotten. */
  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /** The key's failures are over. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /**
   * Takes the next key; whoever takes one must call `done` for it.
   *
   * @returns undefined when the queue is shut down and empty, or the signal fired.
   */
  take(options: { readonly signal?: AbortSignal } = {}): Promise<{ key: string; priority: number } | undefined> {
    const { signal } = options;
    const next = signal?.aborted === true ? undefined : this.#next();
    if (next !== undefined || this.#isShutDown || signal?.aborted === true) return Promise.resolve(next);
    return new Promise((resolve) => {
      const taker = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(this.#next());
      };
      const onAbort = (): void => {
        const at = this.#takers.indexOf(taker);
        if (at >= 0) this.#takers.splice(at, 1);
        resolve(undefined);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#takers.push(taker);
    });
  }

  /** The worker is done with the key; one that was added meanwhile waits again now. */
  done(key: string): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) return;
    this.#processing.delete(key);
    this.#seconds.observe((this.#clock.monotonicMs() - startedMs) / 1000, this.#labels);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority !== undefined) this.#enqueue(key, priority);
    this.#checkDrained();
  }

  /** Takes no more keys and forgets the delayed ones; those that wait are still given out. Safe to call twice. */
  shutDown(): void {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    this.#delayed.clear();
    this.#heap.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopCollecting();
    for (const taker of this.#takers.splice(0)) taker(undefined);
    this.#checkDrained();
  }

  /** Shuts down; resolves when every key that waited has been worked on. Needs workers that go on taking. */
  async drain(): Promise<void> {
    this.shutDown();
    if (this.#isEmpty()) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #put(key: string, priority: number): void {
    if (this.#processing.has(key)) {
      if (!this.#again.has(key)) this.#adds.add(1, this.#labels);
      this.#again.set(key, Math.max(priority, this.#again.get(key) ?? priority));
      return;
    }
    const former = this.#priorities.get(key);
    if (former !== undefined && former >= priority) return;
    if (former === undefined) this.#adds.add(1, this.#labels);
    else this.#ready.get(former)?.delete(key);
    this.#enqueue(key, priority);
  }

  #enqueue(key: string, priority: number): void {
    let keys = this.#ready.get(priority);
    if (keys === undefined) {
      keys = new Set();
      this.#ready.set(priority, keys);
    }
    keys.add(key);
    this.#priorities.set(key, priority);
    this.#takers.shift()?.(key);
  }

  #next(): { key: string; priority: number } | undefined {
    let highest: number | undefined;
    for (const [priority, keys] of this.#ready) {
      if (keys.size === 0) this.#ready.delete(priority);
      else if (highest === undefined || priority > highest) highest = priority;
    }
    if (highest === undefined) return undefined;
    for (const key of this.#ready.get(highest) ?? []) {
      this.#ready.get(highest)?.delete(key);
      this.#priorities.delete(key);
      this.#processing.set(key, this.#clock.monotonicMs());
      return { key, priority: highest };
    }
    return undefined;
  }

  /** One timer, for the earliest key. */
  #arm(): void {
    if (this.#heap.size > 64 && this.#heap.size > 2 * this.#delayed.size) this.#rebuildHeap();
    let next = this.#heap.peek();
    while (next !== undefined && this.#delayed.get(next.key)?.order !== next.order) {
      this.#heap.pop();
      next = this.#heap.peek();
    }
    const atMs = next?.atMs ?? Number.POSITIVE_INFINITY;
    if (atMs === this.#timerAtMs && this.#timer !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (next === undefined) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, atMs - this.#clock.monotonicMs()));
    this.#timer = this.#clock.startTimer(() => this.#release(), delayMs);
  }

  /** Keys that were added before their time leave their entry behind; those entries must not pile up. */
  #rebuildHeap(): void {
    this.#heap.clear();
    for (const [key, { atMs, order }] of this.#delayed) this.#heap.push({ key, atMs, order });
  }

  #release(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let next = this.#heap.peek(); next !== undefined && next.atMs <= nowMs; next = this.#heap.peek()) {
      this.#heap.pop();
      const delayed = this.#delayed.get(next.key);
      if (delayed?.order !== next.order) continue;
      this.#delayed.delete(next.key);
      this.#put(next.key, delayed.priority);
    }
    this.#arm();
  }

  #isEmpty(): boolean {
    return this.#priorities.size === 0 && this.#processing.size === 0 && this.#again.size === 0;
  }

  #checkDrained(): void {
    if (!this.#isShutDown || !this.#isEmpty()) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #collect(metrics: Metrics): () => void {
    const depth = metrics.gauge(WORK_QUEUE_DEPTH);
    const longest = metrics.gauge(WORK_QUEUE_LONGEST_SECONDS);
    const unfinished = metrics.gauge(WORK_QUEUE_UNFINISHED_SECONDS);
    return metrics.onCollect(() => {
      const nowMs = this.#clock.monotonicMs();
      let longestMs = 0;
      let sumMs = 0;
      for (const startedMs of this.#processing.values()) {
        longestMs = Math.max(longestMs, nowMs - startedMs);
        sumMs += nowMs - startedMs;
      }
      depth.set(this.size, this.#labels);
      longest.set(longestMs / 1000, this.#labels);
      unfinished.set(sumMs / 1000, this.#labels);
    });
  }
}
