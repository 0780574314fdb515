import type { DeepReadonly } from "./deep-readonly.ts";
import type { Informer } from "./informer.ts";
import type { KubeObject } from "./kube-object.ts";

/**
 * The objects of an informer by something else than their name.
 *
 * @public
 */
export interface ObjectIndex<T> {
  /** The objects under a value, in no order. Costs as much as there are results. */
  get(value: string): IterableIterator<DeepReadonly<T>>;
  /** How many `get` gives. */
  count(value: string): number;
  /** The values that any object has. */
  values(): IterableIterator<string>;
}

/**
 * Adds an index to an informer. It changes in the same step as the store: handlers and readers never see one without the other.
 *
 * Objects by namespace need no index: `informer.inNamespace`.
 *
 * ```ts
 * const byNode = createIndex(podInformer, (pod) => [pod.spec?.nodeName ?? ""]);
 * for (const pod of byNode.get("node-1")) …
 * ```
 *
 * @param valuesOf - the values of an object, each counted once; a function of the object alone. Where it throws, the object is not in the index; the
 * error is logged and counted as a handler's.
 * @public
 */
export function createIndex<T extends KubeObject>(
  informer: Informer<T>,
  valuesOf: (object: DeepReadonly<T>) => readonly string[],
): ObjectIndex<T> {
  const buckets = new Map<string, Set<DeepReadonly<T>>>();
  const add = (object: DeepReadonly<T>): void => {
    for (const value of valuesOf(object)) {
      const bucket = buckets.get(value);
      if (bucket === undefined) buckets.set(value, new Set([object]));
      else bucket.add(object);
    }
  };
  const remove = (object: DeepReadonly<T>): void => {
    for (const value of valuesOf(object)) {
      const bucket = buckets.get(value);
      if (bucket?.delete(object) === true && bucket.size === 0) buckets.delete(value);
    }
  };
  for (const object of informer.values()) add(object);
  informer.observe({
    changed: (old, now) => {
      try {
        if (old !== undefined) remove(old);
      } finally {
        if (now !== undefined) add(now);
      }
    },
  });
  return {
    get: (value) => (buckets.get(value) ?? new Set<DeepReadonly<T>>()).values(),
    count: (value) => buckets.get(value)?.size ?? 0,
    values: () => buckets.keys(),
  };
}
