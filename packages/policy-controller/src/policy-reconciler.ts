import { describeError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { DeepReadonly, Informer, KubeClient, ResourceDefinition } from "@kinglet/kube-client";
import {
  addFinalizer,
  LOW_PRIORITY,
  patchStatus,
  removeFinalizer,
  type ReconcileResult,
  type WorkQueue,
} from "@kinglet/kube-client/controller";
import type { Logger } from "@kinglet/logger";
import type { BundleObject } from "@kinglet/policy-engine/bundle";
import type { BundleWriter } from "./bundle/bundle-writer.ts";
import type { ControlledObject } from "./resources/controlled-resource.ts";
import { wantedStatus } from "./resources/policy-conditions.ts";
import type { ResourceBook, ResourceRecord } from "./resources/resource-book.ts";

/** One kind of resource that goes into the bundle. */
export interface ControlledKind {
  /** Begins the keys of its objects in the queue, e.g. `policy`. */
  readonly prefix: string;
  readonly resource: ResourceDefinition;
  readonly informer: Pick<Informer<ControlledObject>, "get" | "values">;
  readonly book: ResourceBook;
  /** Where its objects go in the bundle. */
  readonly part: "policies" | "rules";
  /** Keeps deleted objects until they are out of the bundle. */
  readonly finalizer: string;
}

/** What the reconciler works with. */
export interface PolicyReconcilerOptions {
  readonly client: Pick<KubeClient, "patch">;
  readonly kinds: readonly ControlledKind[];
  readonly writer: BundleWriter;
  readonly queue: Pick<WorkQueue, "add">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when everything was judged, before a bundle is made. */
  readonly beforeBundle?: (() => Promise<void>) | undefined;
  /** Called with each bundle that is in the cluster. */
  readonly onBundle?: (bundle: { readonly sha256: string; readonly writes: number; readonly objects: number }) => void;
}

/** Key of the bundle in the queue: behind every object, so that a burst of changes makes one bundle. */
export const bundleKey = "bundle";

/** Twice LOW_PRIORITY of the work queue: behind what a start brings. */
const behindEverything = { priority: -200 };

/**
 * Brings policies and rules into one bundle and says in each what became of it.
 *
 * The bundle is a function of what the informers hold, never of the order of events: it is made from all of it each time. An object's status is written once
 * per change, when it is known whether it is in force; objects that are deleted stay, by a finalizer, until a bundle without them is in the cluster.
 */
export class PolicyReconciler {
  readonly #options: PolicyReconcilerOptions;
  /** What the bundle in the cluster holds: version by queue key. Undefined until one was written or confirmed by this process. */
  #published: ReadonlyMap<string, string> | undefined;
  #bundleProblem = "";
  /** States that were written to: until the watch has brought what came of it, they say what was, and the server would refuse a second write as a conflict. */
  readonly #outdated: WeakSet<object> = new WeakSet();

  constructor(options: PolicyReconcilerOptions) {
    this.#options = options;
  }

  /** @param key - `bundle`, or a kind's prefix, a colon and `namespace/name`. */
  async reconcile(key: string, { signal }: { readonly signal: AbortSignal }): Promise<ReconcileResult> {
    if (key === bundleKey) {
      await this.#publish(signal);
      return undefined;
    }
    const colon = key.indexOf(":");
    const kind = this.#options.kinds.find(({ prefix }) => prefix === key.slice(0, colon));
    return kind === undefined ? undefined : this.#reconcileObject(kind, key.slice(colon + 1), signal);
  }

  async #reconcileObject(kind: ControlledKind, key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const object = kind.informer.get(key);
    const queueKey = `${kind.prefix}:${key}`;
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      for (const other of kind.book.remove(key)) this.#options.queue.add(`${kind.prefix}:${other}`);
      if (this.#published === undefined || this.#published.has(queueKey)) this.#askForBundle();
      else if (object !== undefined && !this.#outdated.has(object)) {
        await removeFinalizer(this.#options.client, kind.resource, object, kind.finalizer, { signal });
        this.#outdated.add(object);
      }
      return undefined;
    }
    const { record, affected } = await kind.book.update(key, object);
    for (const other of affected) this.#options.queue.add(`${kind.prefix}:${other}`);
    // After a fault of ours, again later each time.
    const result = record.isJudged ? undefined : ({ requeue: true } as const);
    // The event of that write brings the object here again.
    if (this.#outdated.has(object)) return result;
    const wantedVersion = record.nameTakenBy === undefined ? record.versionInForce : undefined;
    const isFinalized = object.metadata.finalizers?.includes(kind.finalizer) ?? false;
    if (wantedVersion !== undefined && !isFinalized) {
      await addFinalizer(this.#options.client, kind.resource, object, kind.finalizer, { signal });
      this.#outdated.add(object);
      return result;
    }
    if (this.#published === undefined || this.#published.get(queueKey) !== wantedVersion) {
      this.#askForBundle();
      // What it says about the bundle is known when that is written; unless none can be made.
      if (this.#bundleProblem === "") return result;
    }
    await this.#writeStatus(kind, object, record, signal);
    return result;
  }

  async #writeStatus(
    kind: ControlledKind,
    object: DeepReadonly<ControlledObject>,
    record: ResourceRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const key = `${kind.prefix}:${keyOf(object)}`;
    const published = this.#published?.get(key);
    const status = wantedStatus(object, record, {
      isPublished: published !== undefined && published === record.versionInForce,
      bundleProblem: this.#bundleProblem,
      nowMs: this.#options.clock.now(),
    });
    if (status === undefined) return;
    const stored = await patchStatus(this.#options.client, kind.resource, object, { ...status }, { signal });
    // A server that drops what it was given says so by the version; no event comes then.
    if (stored.metadata.resourceVersion !== object.metadata.resourceVersion) this.#outdated.add(object);
  }

  #askForBundle(): void {
    this.#options.queue.add(bundleKey, behindEverything);
  }

  /** Makes the bundle of everything that is in force now; then the objects that it concerns are looked at again. */
  async #publish(signal: AbortSignal): Promise<void> {
    const { kinds, writer, queue, logger } = this.#options;
    const content: { policies: BundleObject[]; rules: BundleObject[] } = { policies: [], rules: [] };
    const versions = new Map<string, string>();
    for (const kind of kinds) {
      for (const { key, record } of await this.#recordsOf(kind)) {
        if (record.inForce === undefined || record.versionInForce === undefined || record.nameTakenBy !== undefined)
          continue;
        content[kind.part].push(record.inForce);
        versions.set(`${kind.prefix}:${key}`, record.versionInForce);
      }
    }
    const before = this.#published;
    await this.#options.beforeBundle?.();
    try {
      const { sha256, writes, bytes } = await writer.write(content, signal);
      this.#published = versions;
      this.#bundleProblem = "";
      this.#options.onBundle?.({ sha256, writes, objects: versions.size });
      if (writes > 0) {
        logger.info("policy bundle written", {
          sha256,
          policies: content.policies.length,
          rules: content.rules.length,
          bytes,
        });
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#bundleProblem = describeError(error);
        for (const kind of kinds) this.#askAll(kind);
      }
      throw error;
    }
    for (const key of new Set([...versions.keys(), ...(before ?? new Map()).keys()])) {
      if (before?.get(key) !== versions.get(key)) queue.add(key);
    }
    if (before === undefined) for (const kind of kinds) this.#askAll(kind);
  }

  /** The records of all objects that are to be in force, judging those that were not looked at yet. */
  async #recordsOf(
    kind: ControlledKind,
  ): Promise<readonly { readonly key: string; readonly record: ResourceRecord }[]> {
    const objects = [...kind.informer.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const present = new Set(objects.map(keyOf));
    for (const key of kind.book.keys()) if (!present.has(key)) kind.book.remove(key);
    for (const object of objects) await kind.book.update(keyOf(object), object);
    // Only now everybody's claim to a name is known.
    return objects.flatMap((object) => {
      const record = kind.book.record(keyOf(object));
      return record === undefined ? [] : [{ key: keyOf(object), record }];
    });
  }

  #askAll(kind: ControlledKind): void {
    for (const object of kind.informer.values()) {
      this.#options.queue.add(`${kind.prefix}:${keyOf(object)}`, { priority: LOW_PRIORITY });
    }
  }
}

function keyOf({ metadata }: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
