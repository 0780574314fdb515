import type { InformerHandler } from "../handler-queue.ts";
import { objectKey } from "../informer.ts";
import type { KubeObject } from "../kube-object.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { LOW_PRIORITY, type WorkQueue } from "./work-queue.ts";

/**
 * A handler that puts the key of every object that changes into a queue. What was there at the start and what is re-delivered unchanged waits behind
 * live changes.
 *
 * @param keysOf - which keys an object concerns. @defaultValue its own
 * @public
 */
export function enqueueObjects<T extends KubeObject>(
  queue: WorkQueue,
  keysOf: (object: DeepReadonly<T>) => Iterable<string> = (object) => [objectKey(object as KubeObject)],
): InformerHandler<T> {
  const add = (object: DeepReadonly<T>, isQuiet: boolean): void => {
    for (const key of keysOf(object)) queue.add(key, isQuiet ? { priority: LOW_PRIORITY } : {});
  };
  return {
    onAdd: (object, { isInInitialList }) => add(object, isInInitialList),
    onUpdate: (object, old) => {
      const isUnchanged = object.metadata.resourceVersion === old.metadata.resourceVersion;
      add(object, isUnchanged);
      // What it concerned before may have to be put right too.
      if (!isUnchanged) add(old, false);
    },
    onDelete: (object) => add(object, false),
  };
}

/**
 * For `enqueueObjects`: the keys of the objects that own an object, by owner references.
 *
 * @param kind - owners of this kind only. @param isClusterScoped - the owners have no namespace.
 * @public
 */
export function ownerKeys(
  kind: string,
  { isClusterScoped = false, controllerOnly = true }: { isClusterScoped?: boolean; controllerOnly?: boolean } = {},
): (object: DeepReadonly<KubeObject>) => Iterable<string> {
  return function* (object) {
    const { namespace, ownerReferences } = object.metadata as OwnedMetadata;
    for (const owner of ownerReferences ?? []) {
      if (owner.kind !== kind || (controllerOnly && owner.controller !== true)) continue;
      yield isClusterScoped || namespace === undefined ? owner.name : `${namespace}/${owner.name}`;
    }
  };
}

interface OwnedMetadata {
  readonly namespace?: string;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
}
