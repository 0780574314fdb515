import { createError } from "@kinglet/errors";
import { sleep, systemClock, untilAborted, withTimeout, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import { deepFreeze } from "./deep-freeze.ts";
import type { DeepReadonly } from "./deep-readonly.ts";
import { kubeClientErrors } from "./errors.ts";
import { HandlerQueue, type HandlerQueueOptions, type InformerHandler } from "./handler-queue.ts";
import {
  objectKey,
  type HandlerRegistration,
  type Informer,
  type InformerOptions,
  type InformerStatus,
  type StoreObserver,
} from "./informer.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject, WatchEvent } from "./kube-object.ts";
import {
  HANDLER_ERRORS_TOTAL,
  HANDLER_RELISTS_TOTAL,
  HANDLER_WAITING,
  INFORMER_OBJECTS,
  LAST_EVENT_AGE_SECONDS,
} from "./metrics.ts";
import { ObjectTable } from "./object-table.ts";
import { Reflector, type ReflectorSink } from "./reflector.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { compareResourceVersions } from "./resource-version.ts";

/** Longer than the minute between two bookmarks. */
const DEFAULT_VERSION_TIMEOUT_MS = 90_000;

/**
 * Makes an informer; talks to nobody until `run`.
 *
 * @param client - a client, or anything that lists and watches.
 * @public
 */
export function createInformer<T extends KubeObject>(
  client: Pick<KubeClient, "listEach" | "watch">,
  resource: ResourceDefinition,
  options: InformerOptions = {},
): Informer<T> {
  return new ReflectedInformer<T>(client, resource, options);
}

class ReflectedInformer<T extends KubeObject> implements Informer<T>, ReflectorSink<T> {
  readonly #resource: ResourceDefinition;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #resyncMs: number | undefined;
  readonly #isFreezing: boolean;
  readonly #reflector: Reflector<T>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #queueOptions: HandlerQueueOptions<T>;
  readonly #handlerErrors: Counter<"resource">;
  #store = new ObjectTable<T>();
  /** What the listing under way has shown; takes the place of the store when it is complete. */
  #staged: ObjectTable<T> | undefined;
  /** Replaced, not changed: a handler that comes or goes while a change is delivered must not see half of it. */
  #queues: readonly HandlerQueue<T>[] = [];
  readonly #observers: StoreObserver<T>[] = [];
  #versionWaits: { readonly version: string; readonly resolve: () => void }[] = [];
  #isRunning = false;
  isSynced = false;
  lastEventAtMs: number | undefined;
  status: InformerStatus = { state: "stopped", reason: "not started" };

  constructor(client: Pick<KubeClient, "listEach" | "watch">, resource: ResourceDefinition, options: InformerOptions) {
    const { clock = systemClock, logger = noopLogger, metrics = noopMetrics, random = Math.random } = options;
    const { namespace, labelSelector, fieldSelector, projection, metadataOnly, listMode = "pages" } = options;
    this.#resource = resource;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#resyncMs = options.resyncMs;
    this.#isFreezing = options.freeze ?? false;
    this.#handlerErrors = metrics.counter(HANDLER_ERRORS_TOTAL);
    const relists = metrics.counter(HANDLER_RELISTS_TOTAL);
    this.#queueOptions = {
      current: (key) => this.#store.get(key),
      keyOf: objectKey,
      onError: (error) => this.#handlerFailed(error),
      onBehind: () => {
        relists.add(1, { resource: resource.plural });
        logger.warn("an informer handler is too slow: states are left out", { resource: resource.plural });
      },
    };
    this.#reflector = new Reflector<T>(client, resource, {
      select: { namespace, labelSelector, fieldSelector, projection, metadataOnly },
      isStreaming: listMode === "stream",
      sink: this,
      clock,
      random,
      logger,
      metrics,
    });
  }

  get size(): number {
    return this.#store.size;
  }

  get resourceVersion(): string {
    return this.#reflector.version;
  }

  get(key: string): DeepReadonly<T> | undefined {
    return this.#store.get(key);
  }

  values(): IterableIterator<DeepReadonly<T>> {
    return this.#store.values() as IterableIterator<DeepReadonly<T>>;
  }

  inNamespace(namespace: string): IterableIterator<DeepReadonly<T>> {
    return this.#store.inNamespace(namespace) as IterableIterator<DeepReadonly<T>>;
  }

  observe(observer: StoreObserver<T>): void {
    this.#observers.push(observer);
  }

  addHandler(handler: InformerHandler<T>): HandlerRegistration {
    const queue = new HandlerQueue<T>(handler, this.#queueOptions);
    if (!this.#isRunning) queue.pause();
    this.#queues = [...this.#queues, queue];
    for (const object of this.#store.values()) queue.push(undefined, object);
    if (this.isSynced) queue.pushSynced();
    return {
      get isSynced() {
        return queue.isSynced;
      },
      get waiting() {
        return queue.length;
      },
      get isBehind() {
        return queue.isBehind;
      },
      remove: () => {
        this.#queues = this.#queues.filter((other) => other !== queue);
        queue.end();
      },
    };
  }

  waitForSync(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.isSynced ? this.#synced.promise : untilAborted(this.#synced.promise, options.signal);
  }

  async waitForVersion(
    resourceVersion: string,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    if (compareResourceVersions(resourceVersion, "1") === undefined) {
      throw this.#misuse(`cannot wait for version ${JSON.stringify(resourceVersion)}: it cannot be compared`);
    }
    if (this.#hasReached(resourceVersion)) return;
    const { signal, timeoutMs = DEFAULT_VERSION_TIMEOUT_MS } = options;
    const name = `version ${resourceVersion} in the informer of ${this.#resource.plural}`;
    using deadline = withTimeout(timeoutMs, { clock: this.#clock, name, ...(signal === undefined ? {} : { signal }) });
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = { version: resourceVersion, resolve };
    this.#versionWaits.push(wait);
    try {
      await untilAborted(promise, deadline);
    } finally {
      this.#versionWaits = this.#versionWaits.filter((other) => other !== wait);
    }
  }

  async run(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#isRunning) throw this.#misuse("is running already");
    const { signal } = options;
    const stopCollecting = this.#collect();
    this.#isRunning = true;
    for (const queue of this.#queues) queue.resume();
    try {
      await Promise.all([this.#reflector.run(signal), this.#resync(signal)]);
    } finally {
      this.#isRunning = false;
      for (const queue of this.#queues) queue.pause();
      this.#staged = undefined;
      this.report("stopped", "stopped");
      stopCollecting();
    }
  }

  startList(): void {
    this.#staged = new ObjectTable();
  }

  abandonList(): void {
    this.#staged = undefined;
  }

  listed(object: T, isConsistent: boolean): void {
    const known = this.#store.find(object);
    this.#staged?.set(known !== undefined && this.#keeps(known, object, isConsistent) ? known : this.#guard(object));
  }

  unlisted(object: T): void {
    this.#staged?.delete(object);
  }

  finishList(): void {
    const before = this.#store;
    const after = this.#staged;
    if (after === undefined) return;
    this.#staged = undefined;
    after.pack();
    this.#store = after;
    // First all indexes, then the handlers: those must not find half of the change in them.
    if (this.#observers.length > 0) eachDifference(before, after, (old, now) => this.#index(old, now));
    const queues = this.#queues;
    eachDifference(before, after, (old, now) => {
      for (const queue of queues) queue.push(old, now);
    });
    if (!this.isSynced) {
      this.isSynced = true;
      // Those that came during the deliveries above have not heard of it yet.
      for (const queue of this.#queues) queue.pushSynced();
      this.#synced.resolve();
    }
    this.advanced();
  }

  apply(event: WatchEvent<T>): void {
    const known = this.#store.find(event.object);
    if (event.type === "DELETED") {
      // Unknown: deleted already. Another incarnation, or a newer state: the event is a replay.
      if (known === undefined || known.metadata.uid !== event.object.metadata.uid) return;
      if (isOlder(event.object, known)) return;
      this.#store.delete(known);
      this.#changed(known, undefined, this.#guard(event.object));
    } else if (known === undefined || !this.#keeps(known, event.object, false)) {
      const object = this.#guard(event.object);
      this.#store.set(object);
      this.#changed(known, object);
    }
  }

  advanced(): void {
    for (const { version, resolve } of this.#versionWaits) if (this.#hasReached(version)) resolve();
  }

  heard(): void {
    this.lastEventAtMs = this.#clock.now();
  }

  report(state: InformerStatus["state"], reason: string): void {
    this.status = { state, reason };
  }

  /** True when what is held is as new as `object`. A consistent list is right also where it seems older. */
  #keeps(known: T, object: T, isConsistent: boolean): boolean {
    const isSame = known.metadata.uid === object.metadata.uid;
    if (isSame && known.metadata.resourceVersion === object.metadata.resourceVersion) return true;
    return !isConsistent && isOlder(object, known);
  }

  #changed(old: T | undefined, now: T | undefined, last?: T): void {
    this.#index(old, now);
    for (const queue of this.#queues) queue.push(old, now, last);
  }

  #index(old: T | undefined, now: T | undefined): void {
    for (const observer of this.#observers) {
      try {
        observer.changed(old, now);
      } catch (error) {
        // Passed on it would keep the change from the handlers, and the store would never show it to them again.
        this.#handlerFailed(error);
      }
    }
  }

  #guard(object: T): T {
    return this.#isFreezing ? deepFreeze(object) : object;
  }

  #hasReached(version: string): boolean {
    const order = compareResourceVersions(this.resourceVersion, version);
    return this.isSynced && order !== undefined && order >= 0;
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const resyncMs = this.#resyncMs;
    if (resyncMs === undefined) return;
    try {
      for (;;) {
        await sleep(resyncMs * (0.9 + 0.2 * this.#random()), { signal, clock: this.#clock });
        const queues = this.#queues.filter((queue) => queue.isSynced);
        for (const object of this.#store.values()) for (const queue of queues) queue.push(object, object);
      }
    } catch {
      // Rejects only when the signal fires, which ends the run.
    }
  }

  #handlerFailed(error: unknown): void {
    this.#handlerErrors.add(1, { resource: this.#resource.plural });
    this.#logger.error("an informer handler failed", {
      resource: this.#resource.plural,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }

  #misuse(problem: string): Error {
    const what = `informer of ${this.#resource.plural}`;
    return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", { what, problem });
  }

  #collect(): () => void {
    const labels = { resource: this.#resource.plural };
    const age = this.#metrics.gauge(LAST_EVENT_AGE_SECONDS);
    const objects = this.#metrics.gauge(INFORMER_OBJECTS);
    const waiting = this.#metrics.gauge(HANDLER_WAITING);
    return this.#metrics.onCollect(() => {
      objects.set(this.#store.size, labels);
      waiting.set(
        this.#queues.reduce((sum, queue) => sum + queue.length, 0),
        labels,
      );
      if (this.lastEventAtMs !== undefined) age.set((this.#clock.now() - this.lastEventAtMs) / 1000, labels);
    });
  }
}

/** Calls back for every object that two states do not have in common: additions and changes first, then deletions. */
function eachDifference<T extends KubeObject>(
  before: ObjectTable<T>,
  after: ObjectTable<T>,
  onDifference: (old: T | undefined, now: T | undefined) => void,
): void {
  for (const now of after.values()) {
    const old = before.find(now);
    if (old !== now) onDifference(old, now);
  }
  for (const old of before.values()) if (after.find(old) === undefined) onDifference(old, undefined);
}

/** True when both versions can be compared and `object` is the older one. */
function isOlder(object: KubeObject, than: KubeObject): boolean {
  const order = compareResourceVersions(object.metadata.resourceVersion, than.metadata.resourceVersion);
  return order !== undefined && order < 0;
}
