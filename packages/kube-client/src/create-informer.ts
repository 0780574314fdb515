import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { kubeClientErrors } from "./errors.ts";
import { HandlerQueue, type InformerHandler } from "./handler-queue.ts";
import { objectKey, type Informer, type InformerOptions, type InformerStatus } from "./informer.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject, WatchEvent } from "./kube-object.ts";
import { HANDLER_ERRORS_TOTAL, INFORMER_OBJECTS, LAST_EVENT_AGE_SECONDS } from "./metrics.ts";
import { Reflector, type ReflectorSink } from "./reflector.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { compareResourceVersions } from "./resource-version.ts";

/** Deliveries that may wait for slow handlers before the stream is no longer read. */
const MAX_WAITING = 1000;

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
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #reflector: Reflector<T>;
  readonly #store = new Map<string, T>();
  readonly #queues = new Set<HandlerQueue<T>>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #countHandlerError: () => void;
  /** Keys that the listing under way has shown; absent while watching. */
  #listedKeys: Set<string> | undefined;
  #wake: (() => void) | undefined;
  #isRunning = false;
  isSynced = false;
  lastEventAtMs: number | undefined;
  status: InformerStatus = { state: "stopped", reason: "not started" };

  constructor(client: Pick<KubeClient, "listEach" | "watch">, resource: ResourceDefinition, options: InformerOptions) {
    const { clock = systemClock, logger = noopLogger, metrics = noopMetrics, random = Math.random } = options;
    const { namespace, labelSelector, fieldSelector, projection } = options;
    this.#resource = resource;
    this.#clock = clock;
    this.#logger = logger;
    this.#metrics = metrics;
    const handlerErrors = metrics.counter(HANDLER_ERRORS_TOTAL);
    this.#countHandlerError = () => handlerErrors.add(1, { resource: resource.plural });
    this.#reflector = new Reflector<T>(client, resource, {
      select: { namespace, labelSelector, fieldSelector, projection },
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

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  values(): IterableIterator<T> {
    return this.#store.values();
  }

  addHandler(handler: InformerHandler<T>): () => void {
    const queue = new HandlerQueue<T>(
      handler,
      (error) => this.#handlerFailed(error),
      () => this.#wake?.(),
    );
    if (!this.#isRunning) queue.pause();
    this.#queues.add(queue);
    for (const object of this.#store.values()) queue.push("add", object);
    if (this.isSynced) queue.push("synced");
    return () => {
      this.#queues.delete(queue);
      queue.pause();
      queue.clear();
      this.#wake?.();
    };
  }

  async waitForSync(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    if (signal === undefined || this.isSynced) return this.#synced.promise;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      void this.#synced.promise.then(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
    });
  }

  async run(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#isRunning) {
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
        what: `informer of ${this.#resource.plural}`,
        problem: "is running already",
      });
    }
    const { signal } = options;
    const stopCollecting = this.#collect();
    this.#isRunning = true;
    for (const queue of this.#queues) queue.resume();
    try {
      await this.#reflector.run(signal);
    } finally {
      this.#isRunning = false;
      for (const queue of this.#queues) queue.pause();
      this.#listedKeys = undefined;
      this.report("stopped", "stopped");
      stopCollecting();
    }
  }

  startList(): void {
    this.#listedKeys = new Set();
  }

  listed(object: T, isConsistent: boolean): void {
    const key = objectKey(object);
    this.#listedKeys?.add(key);
    this.#put(key, object, isConsistent);
  }

  finishList(): void {
    const keys = this.#listedKeys;
    this.#listedKeys = undefined;
    for (const [key, object] of this.#store) {
      if (keys?.has(key) === true) continue;
      this.#store.delete(key);
      for (const queue of this.#queues) queue.push("tombstone", object);
    }
    if (this.isSynced) return;
    this.isSynced = true;
    for (const queue of this.#queues) queue.push("synced");
    this.#synced.resolve();
  }

  apply(event: WatchEvent<T>): void {
    const key = objectKey(event.object);
    if (event.type !== "DELETED") {
      this.#put(key, event.object, false);
      return;
    }
    const known = this.#store.get(key);
    // Unknown: deleted already. Another incarnation, or a newer state: the event is a replay.
    if (known === undefined || known.metadata.uid !== event.object.metadata.uid) return;
    if (isOlder(event.object, known)) return;
    this.#store.delete(key);
    for (const queue of this.#queues) queue.push("delete", event.object);
  }

  room(signal: AbortSignal): Promise<void> | undefined {
    if (this.#waiting() < MAX_WAITING) return undefined;
    return new Promise((resolve) => {
      const finish = (): void => {
        signal.removeEventListener("abort", finish);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = () => {
        if (this.#waiting() < MAX_WAITING / 2) finish();
      };
      signal.addEventListener("abort", finish, { once: true });
    });
  }

  heard(): void {
    this.lastEventAtMs = this.#clock.now();
  }

  report(state: InformerStatus["state"], reason: string): void {
    this.status = { state, reason };
  }

  #put(key: string, object: T, isConsistent: boolean): void {
    const known = this.#store.get(key);
    if (known === undefined) {
      this.#store.set(key, object);
      for (const queue of this.#queues) queue.push("add", object);
    } else if (known.metadata.uid !== object.metadata.uid) {
      if (!isConsistent && isOlder(object, known)) return;
      this.#store.set(key, object);
      for (const queue of this.#queues) {
        queue.push("tombstone", known);
        queue.push("add", object);
      }
    } else if (known.metadata.resourceVersion !== object.metadata.resourceVersion) {
      if (!isConsistent && isOlder(object, known)) return;
      this.#store.set(key, object);
      for (const queue of this.#queues) queue.push("update", object, known);
    }
  }

  #waiting(): number {
    let waiting = 0;
    for (const queue of this.#queues) waiting += queue.length;
    return waiting;
  }

  #handlerFailed(error: unknown): void {
    this.#countHandlerError();
    this.#logger.error("an informer handler failed", {
      resource: this.#resource.plural,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }

  #collect(): () => void {
    const labels = { resource: this.#resource.plural };
    const age = this.#metrics.gauge(LAST_EVENT_AGE_SECONDS);
    const objects = this.#metrics.gauge(INFORMER_OBJECTS);
    return this.#metrics.onCollect(() => {
      objects.set(this.#store.size, labels);
      if (this.lastEventAtMs !== undefined) age.set((this.#clock.now() - this.lastEventAtMs) / 1000, labels);
    });
  }
}

/** True when both versions can be compared and `object` is the older one. */
function isOlder(object: KubeObject, than: KubeObject): boolean {
  const order = compareResourceVersions(object.metadata.resourceVersion, than.metadata.resourceVersion);
  return order !== undefined && order < 0;
}
