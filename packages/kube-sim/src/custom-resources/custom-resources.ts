import { isDeepStrictEqual } from "node:util";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { qualifiedName, type SimResource } from "../resources/sim-resource.ts";
import type { WritePipeline } from "../writing/write-pipeline.ts";
import { loadCustomChecks } from "./lazy.ts";
import type { CustomChecks, LoadCustomChecks } from "./custom-checks.ts";
import { customResourceRows } from "./custom-resource-rows.ts";
import { DefinitionRules } from "./definition-rules.ts";
import { readDefinitionSpec } from "./definition/definition-spec.ts";
import { conditionStatus, hasItsNames, withAcceptedNames, withCondition } from "./definition/definition-status.ts";

const TABLE = "customresourcedefinitions.apiextensions.k8s.io";

/** What the controllers of definitions work on. */
export interface CustomResourceParts {
  readonly registry: ResourceRegistry;
  readonly store: ObjectStore;
  /** Ends the watches of a resource that is not served any more. */
  readonly closeWatches: (group: string, plural: string) => void;
  readonly clock: Clock;
  /** Time between accepted names and `Established`, milliseconds; 0: in one go. */
  readonly establishDelayMs: number;
  readonly pipeline: WritePipeline;
}

/**
 * Follows CustomResourceDefinitions as the controllers of a server do: negotiates their names, establishes them, serves their
 * versions, and takes their objects along when they go.
 */
export class CustomResources {
  readonly #parts: CustomResourceParts;
  /** Definitions on their way to be established, by name. */
  readonly #establishing = new Map<string, ClockTimer>();
  #checks: Promise<CustomChecks> | undefined;
  readonly #loadChecks: LoadCustomChecks = () =>
    (this.#checks ??= loadCustomChecks().then((module) => new module.CustomChecks()));

  constructor(parts: CustomResourceParts) {
    this.#parts = parts;
    const row = parts.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const rules = new DefinitionRules(this.#loadChecks);
    if (row !== undefined) parts.registry.add({ ...row, rules: () => rules });
  }

  /** To be told of every stored and removed definition. */
  onWrite(resource: SimResource, definition: KubeObject, change: "stored" | "removed"): void {
    if (resource.kind !== "CustomResourceDefinition" || resource.group !== "apiextensions.k8s.io") return;
    if (change === "removed") {
      this.#establishing.get(definition.metadata.name)?.cancel();
      this.#establishing.delete(definition.metadata.name);
      this.#withdraw(definition);
      this.#reconsiderOthers(definition);
    } else if (definition.metadata.deletionTimestamp === undefined) {
      this.#follow(resource, definition);
    } else {
      this.#noteDeletion(resource, definition);
    }
  }

  stop(): void {
    for (const timer of this.#establishing.values()) timer.cancel();
    this.#establishing.clear();
  }

  #follow(resource: SimResource, definition: KubeObject): void {
    let current = definition;
    const now = new Date(this.#parts.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    if (!hasItsNames(current)) {
      const named = this.#stored(resource, current, withAcceptedNames(current, this.#others(current), now), now);
      const isReleasing = named !== current;
      current = named;
      if (isReleasing) this.#reconsiderOthers(current);
    }
    if (conditionStatus(current, "Established") === "True") this.#serve(current);
    else if (conditionStatus(current, "NamesAccepted") !== "True") return;
    else if (this.#parts.establishDelayMs > 0) this.#establishLater(resource, current.metadata.name);
    else this.#establish(resource, current);
  }

  /** The real server waits so that every replica knows of the definition before a client may rely on it. */
  #establishLater(resource: SimResource, name: string): void {
    if (this.#establishing.has(name)) return;
    const { clock, store, establishDelayMs } = this.#parts;
    const timer = clock.startTimer(() => {
      this.#establishing.delete(name);
      const definition = store.table(TABLE).get(name);
      if (definition === undefined || definition.metadata.deletionTimestamp !== undefined) return;
      if (conditionStatus(definition, "NamesAccepted") === "True") this.#establish(resource, definition);
    }, establishDelayMs);
    this.#establishing.set(name, timer);
  }

  #establish(resource: SimResource, definition: KubeObject): void {
    const now = new Date(this.#parts.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    const condition = {
      type: "Established",
      status: "True",
      reason: "InitialNamesAccepted",
      message: "the initial names have been accepted",
    };
    this.#serve(this.#stored(resource, definition, withCondition(definition, condition, now), now));
  }

  #noteDeletion(resource: SimResource, definition: KubeObject): void {
    const now = new Date(this.#parts.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    const reason = "InstanceDeletionInProgress";
    const condition = {
      type: "Terminating",
      status: "True",
      reason,
      message: "CustomResource deletion is in progress",
    };
    this.#stored(resource, definition, withCondition(definition, condition, now), now);
  }

  #serve(definition: KubeObject): void {
    const { registry, closeWatches } = this.#parts;
    const { group, names } = readDefinitionSpec(definition);
    const before = [...registry.all()].filter((row) => row.group === group && row.plural === names.plural);
    const rows = customResourceRows(definition, this.#loadChecks);
    registry.removeAll(group, names.plural);
    for (const row of rows) registry.add(row);
    const gone = before.some((row) => !rows.some((kept) => kept.version === row.version));
    if (gone) closeWatches(group, names.plural);
  }

  #withdraw(definition: KubeObject): void {
    const { registry, store, closeWatches } = this.#parts;
    const { group, names } = readDefinitionSpec(definition);
    const table = qualifiedName({ group, plural: names.plural });
    for (const key of [...store.table(table).keys()]) store.remove(table, key);
    registry.removeAll(group, names.plural);
    closeWatches(group, names.plural);
  }

  /** A name may have become free. */
  #reconsiderOthers(definition: KubeObject): void {
    const resource = this.#parts.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    if (resource === undefined) return;
    const { group } = readDefinitionSpec(definition);
    for (const other of this.#others(definition)) {
      const isWaiting = readDefinitionSpec(other).group === group && !hasItsNames(other);
      if (isWaiting && other.metadata.deletionTimestamp === undefined) this.#follow(resource, other);
    }
  }

  #others(definition: KubeObject): KubeObject[] {
    return [...this.#parts.store.table(TABLE).values()].filter(
      (other) => other.metadata.name !== definition.metadata.name,
    );
  }

  /** Writes the status as the controller does. @returns the stored object, the same one when nothing changed */
  #stored(resource: SimResource, before: KubeObject, wanted: KubeObject, time: string): KubeObject {
    const { store, pipeline } = this.#parts;
    if (isDeepStrictEqual(before.status, wanted.status)) return before;
    const after = structuredClone(wanted);
    pipeline.recordFields?.({
      resource,
      subresource: "status",
      before,
      after,
      manager: "kube-apiserver",
      operation: "Update",
      time,
    });
    return store.put(TABLE, before.metadata.name, after);
  }
}
