import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import { ApiRefusal } from "../refusals/api-refusal.ts";
import { readPath, type KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ObjectWriter } from "../writing/object-writer.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { qualifiedName, type SimResource, tableName } from "../resources/sim-resource.ts";

/** Time between the deletion of a namespace or definition and the removal of its contents, milliseconds. */
const SWEEP_DELAY_MS = 20;

/** The parts a sweep works on. */
export interface DeletionSweepParts {
  readonly store: ObjectStore;
  readonly writer: ObjectWriter;
  /** Ends the watches of a resource that is not served any more. */
  readonly closeWatches: (group: string, plural: string) => void;
  readonly registry: ResourceRegistry;
}

/**
 * Empties terminating namespaces and deleted CustomResourceDefinitions, then removes them, as the controllers of a cluster do.
 *
 * Objects with finalizers hold their namespace until the finalizers are gone.
 */
export class DeletionSweep {
  readonly #clock: Clock;
  readonly #parts: () => DeletionSweepParts;
  #timer: ClockTimer | undefined;

  constructor(clock: Clock, parts: () => DeletionSweepParts) {
    this.#clock = clock;
    this.#parts = parts;
  }

  /** To be told of every write; starts a sweep when something terminating may have become empty. */
  onWrite(resource: SimResource, object: KubeObject, change: "stored" | "removed"): void {
    const isContainer = resource.isEmptiedBeforeDeletion === true && object.metadata.deletionTimestamp !== undefined;
    const wasContent = change === "removed" && resource.isEmptiedBeforeDeletion !== true;
    if (!isContainer && !(wasContent && this.#hasTerminating())) return;
    this.#timer ??= this.#clock.startTimer(() => void this.#sweep(), SWEEP_DELAY_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #hasTerminating(): boolean {
    return this.#terminating().next().done !== true;
  }

  *#terminating(): Generator<{ readonly resource: SimResource; readonly object: KubeObject }> {
    const { registry, store } = this.#parts();
    for (const resource of registry.all()) {
      if (resource.isEmptiedBeforeDeletion !== true) continue;
      for (const object of store.table(tableName(resource)).values()) {
        if (object.metadata.deletionTimestamp !== undefined) yield { resource, object };
      }
    }
  }

  async #sweep(): Promise<void> {
    this.#timer = undefined;
    const { writer } = this.#parts();
    for (const { resource, object } of [...this.#terminating()]) {
      const isEmpty =
        resource.kind === "Namespace" ? await this.#emptyNamespace(object) : await this.#emptyDefinition(object);
      const others = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== resource.deletionFinalizer);
      if (isEmpty && others.length === 0) writer.removeNow(resource, "", object.metadata.name);
    }
  }

  async #emptyNamespace(namespace: KubeObject): Promise<boolean> {
    const { registry, store } = this.#parts();
    let isEmpty = true;
    for (const resource of [...registry.all()]) {
      if (!resource.namespaced) continue;
      for (const object of [...store.table(tableName(resource)).values()]) {
        if (object.metadata.namespace === namespace.metadata.name)
          isEmpty = (await this.#clear(resource, object)) && isEmpty;
      }
    }
    return isEmpty;
  }

  async #emptyDefinition(definition: KubeObject): Promise<boolean> {
    const { registry, store, closeWatches } = this.#parts();
    const group = String(readPath(definition, "spec.group"));
    const plural = String(readPath(definition, "spec.names.plural"));
    const resource = registry.findByName(qualifiedName({ group, plural }));
    if (resource === undefined) return true;
    let isEmpty = true;
    for (const object of [...store.table(tableName(resource)).values()]) {
      isEmpty = (await this.#clear(resource, object)) && isEmpty;
    }
    if (isEmpty) {
      registry.removeAll(group, plural);
      closeWatches(group, plural);
    }
    return isEmpty;
  }

  /** @returns true when the object is gone */
  async #clear(resource: SimResource, object: KubeObject): Promise<boolean> {
    const { name, namespace = "" } = object.metadata;
    try {
      return (await this.#parts().writer.delete(resource, namespace, name, { gracePeriodSeconds: 0 })).isGone;
    } catch (error) {
      // Gone already, or refused by admission: the next sweep looks again.
      if (error instanceof ApiRefusal) return error.body.code === 404;
      throw error;
    }
  }
}
