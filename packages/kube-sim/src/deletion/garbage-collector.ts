import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import { ApiRefusal } from "../refusals/api-refusal.ts";
import { completeUser } from "../authorization/user-info.ts";
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from "./deletion-rules.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ObjectWriter } from "../writing/object-writer.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { objectKey, tableName, type SimResource } from "../resources/sim-resource.ts";
import type { WriteRequest } from "../writing/write-pipeline.ts";

/** Time between a change of an owner and what it means for its objects, milliseconds. */
const DELAY_MS = 20;

/** The parts the collector works on. */
export interface GarbageCollectorParts {
  readonly store: ObjectStore;
  readonly writer: ObjectWriter;
  readonly registry: ResourceRegistry;
}

/** Where an object is. */
interface Place {
  readonly resource: SimResource;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Follows owner references as the controller of a cluster does: objects whose last owner is gone are deleted, owners that
 * go in the foreground wait for what they own, and orphaned objects lose their reference.
 *
 * Only what happens to owners counts: an object that names an owner which never existed stays.
 */
export class GarbageCollector {
  readonly #clock: Clock;
  readonly #parts: () => GarbageCollectorParts;
  /** Uid of the owner → what names it as owner, by table and key; may hold what does so no more. */
  readonly #owned = new Map<string, Map<string, Place>>();
  /** Owners that go in the foreground and are held by what they own. */
  readonly #waiting = new Map<string, Place>();
  readonly #pending = new Map<string, Place | undefined>();
  #timer: ClockTimer | undefined;
  #isStopped = false;

  constructor(clock: Clock, parts: () => GarbageCollectorParts) {
    this.#clock = clock;
    this.#parts = parts;
  }

  /** To be told of every write. */
  onWrite(resource: SimResource, object: KubeObject, change: "stored" | "removed"): void {
    const { uid, namespace = "", name, ownerReferences, finalizers, deletionTimestamp } = object.metadata;
    const place = { resource, namespace, name };
    const key = `${tableName(resource)} ${objectKey(resource, namespace, name)}`;
    for (const owner of ownerReferences ?? []) {
      if (change === "stored") this.#remember(owner.uid, key, place);
      else {
        this.#owned.get(owner.uid)?.delete(key);
        this.#lookAgain(owner.uid);
      }
    }
    if (change === "removed") {
      if (this.#owned.has(uid)) this.#enqueue(uid, undefined);
      return;
    }
    if (deletionTimestamp === undefined || finalizers === undefined) return;
    if (finalizers.includes(FOREGROUND_FINALIZER) || finalizers.includes(ORPHAN_FINALIZER)) this.#enqueue(uid, place);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #remember(owner: string, key: string, place: Place): void {
    let owned = this.#owned.get(owner);
    if (owned === undefined) {
      owned = new Map();
      this.#owned.set(owner, owned);
    }
    owned.set(key, place);
  }

  /** An owner that waits for its objects may be finished now. */
  #lookAgain(owner: string): void {
    const place = this.#waiting.get(owner);
    if (place !== undefined) this.#enqueue(owner, place);
  }

  #enqueue(uid: string, owner: Place | undefined): void {
    if (this.#isStopped) return;
    this.#pending.set(uid, owner);
    this.#timer ??= this.#clock.startTimer(() => void this.#work(), DELAY_MS);
  }

  async #work(): Promise<void> {
    this.#timer = undefined;
    const work = [...this.#pending];
    this.#pending.clear();
    for (const [uid, place] of work) {
      try {
        const owner = place === undefined ? undefined : this.#find(place);
        if (owner === undefined || owner.metadata.uid !== uid) await this.#collect(uid);
        else if (owner.metadata.finalizers?.includes(ORPHAN_FINALIZER) === true)
          await this.#orphan(place as Place, owner);
        else await this.#deleteFirst(place as Place, owner);
      } catch (error) {
        // Refused or gone meanwhile; a refusal of admission is met again with the next change.
        if (!(error instanceof ApiRefusal)) throw error;
      }
    }
  }

  /** The owner is gone: what nobody else owns goes too. */
  async #collect(uid: string): Promise<void> {
    for (const { place, object } of this.#ownedBy(uid)) {
      const owners = object.metadata.ownerReferences ?? [];
      const living = owners.filter((owner) => owner.uid !== uid && this.#exists(owner, object));
      if (living.length === 0) await this.#delete(place, object);
      else await this.#change(place, (next) => void (next.metadata.ownerReferences = living));
    }
    this.#owned.delete(uid);
    this.#waiting.delete(uid);
  }

  /** The owned objects go first; those that say so hold the owner until they are gone. */
  async #deleteFirst(place: Place, owner: KubeObject): Promise<void> {
    const { uid } = owner.metadata;
    this.#waiting.set(uid, place);
    for (const { place: ownedPlace, object } of this.#ownedBy(uid)) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const others = (object.metadata.ownerReferences ?? []).filter(
        (reference) => reference.uid !== uid && this.#exists(reference, object),
      );
      if (others.length > 0) await this.#change(ownedPlace, (next) => void (next.metadata.ownerReferences = others));
      else await this.#delete(ownedPlace, object);
    }
    const isBlocked = this.#ownedBy(uid).some(({ object }) =>
      (object.metadata.ownerReferences ?? []).some(
        (reference) =>
          reference.uid === uid && (reference as { blockOwnerDeletion?: boolean }).blockOwnerDeletion === true,
      ),
    );
    if (isBlocked) return;
    this.#waiting.delete(uid);
    await this.#change(place, (next) => dropFinalizer(next, FOREGROUND_FINALIZER));
  }

  async #orphan(place: Place, owner: KubeObject): Promise<void> {
    const { uid } = owner.metadata;
    for (const { place: ownedPlace } of this.#ownedBy(uid)) {
      await this.#change(ownedPlace, (next) => {
        const others = (next.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
        if (others.length === 0) delete next.metadata.ownerReferences;
        else next.metadata.ownerReferences = others;
      });
    }
    this.#owned.delete(uid);
    await this.#change(place, (next) => dropFinalizer(next, ORPHAN_FINALIZER));
  }

  /** Everything that names the owner now. */
  #ownedBy(uid: string): { readonly place: Place; readonly object: KubeObject }[] {
    const found: { readonly place: Place; readonly object: KubeObject }[] = [];
    for (const place of this.#owned.get(uid)?.values() ?? []) {
      const object = this.#find(place);
      if (object?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) found.push({ place, object });
    }
    return found;
  }

  #find(place: Place): KubeObject | undefined {
    const table = this.#parts().store.table(tableName(place.resource));
    return table.get(objectKey(place.resource, place.namespace, place.name));
  }

  #exists(
    owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string },
    object: KubeObject,
  ): boolean {
    const resource = this.#parts().registry.findByKind(owner.apiVersion, owner.kind);
    if (resource === undefined) return false;
    const namespace = resource.namespaced ? (object.metadata.namespace ?? "") : "";
    return this.#find({ resource, namespace, name: owner.name })?.metadata.uid === owner.uid;
  }

  /** Objects that own others themselves go in the foreground when their owner does; a finalizer of theirs decides first. */
  async #delete(place: Place, object: KubeObject): Promise<void> {
    if (object.metadata.deletionTimestamp !== undefined) return;
    const { uid, finalizers = [] } = object.metadata;
    const policy = finalizers.includes(ORPHAN_FINALIZER)
      ? "Orphan"
      : finalizers.includes(FOREGROUND_FINALIZER)
        ? "Foreground"
        : "Background";
    const options = { uid, propagationPolicy: policy } as const;
    await ignoreMissing(
      this.#parts().writer.delete(place.resource, place.namespace, place.name, options, collectorRequest()),
    );
  }

  async #change(place: Place, change: (next: KubeObject) => void): Promise<void> {
    const at = { namespace: place.namespace, name: place.name, subresource: "" };
    const apply = (current: KubeObject | undefined): KubeObject => {
      const next = structuredClone(current) as KubeObject;
      change(next);
      return next;
    };
    const request = { ...collectorRequest(), isPatch: true };
    await ignoreMissing(this.#parts().writer.update(place.resource, at, apply, request));
  }
}

function dropFinalizer(object: KubeObject, finalizer: string): void {
  const others = (object.metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
  if (others.length === 0) delete object.metadata.finalizers;
  else object.metadata.finalizers = others;
}

function collectorRequest(): WriteRequest {
  const groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"];
  return {
    user: completeUser({ name: "system:serviceaccount:kube-system:generic-garbage-collector", groups }),
    fieldManager: "kube-controller-manager",
  };
}

/** What is gone already needs nothing more; other refusals are the caller's. */
async function ignoreMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.body.code !== 404) throw error;
  }
}
