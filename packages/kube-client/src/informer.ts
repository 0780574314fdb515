import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
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
 * A local copy of the objects of one resource, kept up to date by one watch however many handlers listen.
 *
 * Guarantees:
 * - per object, handlers see states in the order of the server; an older state never follows a newer one; each handler is called
 *   one at a time, also when it returns promises;
 * - every object that is gone is reported as deleted, also when the deletion happened while the connection was down (`tombstone`);
 * - an object that was deleted and made again under its name is reported as a deletion of the old and an addition of the new one;
 * - whatever the server or the connection does, the informer goes on; only its signal stops it.
 *
 * Not guaranteed: every intermediate state (states between two connections are merged), any order between objects, and how old the
 * copy is: see `lastEventAtMs`.
 *
 * Objects are shared between all readers and must not be changed.
 *
 * @public
 */
export interface Informer<T extends KubeObject> {
  /**
   * Calls `handler` for all that is there (as additions) and all that follows. An exception or rejection of it is logged and
   * counted; delivery goes on. When handlers are more than 1,000 deliveries behind, the stream is not read further until they catch up.
   *
   * @returns a function that ends the deliveries to it.
   */
  addHandler(handler: InformerHandler<T>): () => void;
  /** Lists and watches until the signal fires, then resolves; nothing is delivered afterwards. May be called again then. One at a time. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** True once one complete list is in the store. Stays true. */
  readonly isSynced: boolean;
  /** Resolves with the first complete list. @throws the signal's reason. */
  waitForSync(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** @param key - `namespace/name`, or `name` for cluster-scoped kinds; see `objectKey`. */
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
  /** When the server was last heard (list, event or bookmark), by the clock; `undefined` before. */
  readonly lastEventAtMs: number | undefined;
  /** Version of the collection that the store reflects. */
  readonly resourceVersion: string;
  readonly status: InformerStatus;
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
