import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { DeepReadonly } from "./deep-readonly.ts";
import type { InformerHandler } from "./handler-queue.ts";
import type { KubeObject } from "./kube-object.ts";
import type { Projection } from "./projection.ts";

/** @public */
export interface InformerOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** The fields kept of each object. Absent: whole objects without `managedFields`, which is rarely what memory can bear. */
  readonly projection?: Projection | undefined;
  /** Only apiVersion, kind and metadata travel and are kept: for labels, owners, existence. @defaultValue false */
  readonly metadataOnly?: boolean | undefined;
  /**
   * How complete states are taken. `pages`: a list, 500 objects at a time. `stream`: a streaming list, which goes on as the watch; a server that
   * cannot do it is asked for pages for the next 10 minutes.
   *
   * @defaultValue `"pages"`
   */
  readonly listMode?: "pages" | "stream" | undefined;
  /**
   * Re-delivers every object as an update from itself to itself, from the store and without asking the server, about this often (± 10 %), milliseconds.
   * For handlers that must look again at what did not change. A handler that is more than 1,000 deliveries late gets
   * an object once however many rounds have passed. Absent: never.
   */
  readonly resyncMs?: number | undefined;
  /** Freezes every object to any depth, so that code that changes a shared one throws. For tests: costs a walk per object. @defaultValue false */
  readonly freeze?: boolean | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  /** 0 ≤ x < 1; spreads time limits and waits. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/**
 * What an informer is doing.
 *
 * @public
 */
export interface InformerStatus {
  readonly state: "stopped" | "listing" | "watching" | "waiting";
  /** One sentence; for `waiting` the fault and when it is tried again. */
  readonly reason: string;
}

/**
 * A handler of an informer.
 *
 * @public
 */
export interface HandlerRegistration {
  /** The first complete list has been delivered to this handler. */
  readonly isSynced: boolean;
  /** Deliveries that wait because the handler is busy; while `isBehind`, objects that have changed since. */
  readonly waiting: number;
  /** The handler was more than 1,000 deliveries late: it gets, per object, the difference between what it saw last and what there is when it comes back. */
  readonly isBehind: boolean;
  /** Ends the deliveries; a call that is under way finishes. Safe to call twice. */
  remove(): void;
}

/**
 * A local copy of the objects of one resource, kept up to date by one watch however many handlers listen.
 *
 * **Order.** Per object, handlers see states in the order of the server; an older state never follows a newer one. Each handler is called one at a time,
 * also when it returns promises. Between objects there is no order.
 *
 * **Delivery.** Every object that is there is delivered at least in its last state, and every object that was delivered and is gone is reported as deleted,
 * also when the deletion happened while the connection was down (`tombstone`). One that was deleted and made again under its name is a deletion of the old
 * and an addition of the new one. Intermediate states may be left out: those between two connections, and those that a handler more than 1,000 deliveries
 * late could not take. Handlers that return nothing are called while the store changes and are never late; a handler that never settles stops nobody else.
 *
 * **Staleness.** The store is always one state of the server: a complete list and the events since, in order; a new list takes effect at once and as a
 * whole. How old it is nobody promises: see `lastEventAtMs`, and `waitForVersion` for reading what one wrote. The store is changed before handlers are
 * called, so a handler may see a newer state in it than the one it is called with.
 *
 * **Endurance.** Whatever the server or the connection does, the informer goes on; only its signal stops it.
 *
 * Objects are shared between all readers and must not be changed (`freeze` finds out who does).
 *
 * @public
 */
export interface Informer<T extends KubeObject> {
  /**
   * Calls `handler` for all that is there (as additions) and all that follows. An exception or rejection of it is logged and
   * counted; delivery goes on.
   */
  addHandler(handler: InformerHandler<T>): HandlerRegistration;
  /** Lists and watches until the signal fires, then resolves; nothing is delivered afterwards. May be called again then. One at a time. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** True once one complete list is in the store. Stays true. */
  readonly isSynced: boolean;
  /** Resolves with the first complete list. @throws the signal's reason. */
  waitForSync(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Resolves when the store shows this version of the collection or a newer one: pass what a write returned to read it back. A write that no
   * object of this informer shows is noticed with the next event or bookmark, about a minute later at most.
   *
   * @param options - `timeoutMs`: default 90,000.
   * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT for a version that cannot be compared; KINGLET_ERR_LIFECYCLE_TIMEOUT; the signal's reason.
   */
  waitForVersion(
    resourceVersion: string,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<void>;
  /** @param key - `namespace/name`, or `name` for cluster-scoped kinds; see `objectKey`. */
  get(key: string): DeepReadonly<T> | undefined;
  /** All objects, those of a namespace together. Do not await within the iteration: the store may change. */
  values(): IterableIterator<DeepReadonly<T>>;
  /** The objects of one namespace ("": cluster-scoped ones), without looking at the others. */
  inNamespace(namespace: string): IterableIterator<DeepReadonly<T>>;
  readonly size: number;
  /** When the server was last heard (list, event, bookmark, or that it has the version), by the clock; `undefined` before. */
  readonly lastEventAtMs: number | undefined;
  /** Version of the collection that the store reflects; "" before the first list. */
  readonly resourceVersion: string;
  readonly status: InformerStatus;
  /**
   * Tells an index of every change in the step in which the store changes, before any handler. For `createIndex`.
   *
   * @internal
   */
  observe(observer: StoreObserver<T>): void;
}

/** Sees a store change. @internal */
export interface StoreObserver<T> {
  changed(old: T | undefined, now: T | undefined): void;
}

/**
 * The key of an object in an informer: `namespace/name`, or `name` for cluster-scoped kinds.
 *
 * @public
 */
export function objectKey(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}
