import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "../errors.ts";
import type { KubeObject } from "../kube-object.ts";
import type { ResourceDefinition } from "../resource-definition.ts";

/** An entry of `metadata.ownerReferences`. @public */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/**
 * The references of an object after `owner` was added (or renewed): the garbage collector deletes the object with its last owner.
 *
 * @param options - `isController`: it is the one that manages the object, default true; `blocksDeletion`: a foreground deletion of the owner waits for the
 * object, default false because it needs permission to update the owner's `finalizers`.
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT when the owner is in another namespace (the object would be deleted as an orphan) or another controller owns it.
 * @public
 */
export function addOwner(
  object: { readonly namespace: string | undefined; readonly ownerReferences?: readonly OwnerReference[] | undefined },
  owner: KubeObject,
  resource: ResourceDefinition,
  options: { readonly isController?: boolean; readonly blocksDeletion?: boolean } = {},
): readonly OwnerReference[] {
  const { isController = true, blocksDeletion = false } = options;
  const { name, namespace, uid } = owner.metadata;
  if (resource.namespaced && namespace !== object.namespace) {
    throw refused(
      `${resource.kind} ${namespace ?? ""}/${name} cannot own an object of ${object.namespace === undefined ? "the cluster scope" : `namespace ${object.namespace}`}`,
    );
  }
  const others = (object.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
  const controller = others.find((reference) => reference.controller === true);
  if (isController && controller !== undefined) {
    throw refused(`${controller.kind} ${controller.name} is the controller of the object already`);
  }
  const reference: OwnerReference = {
    apiVersion: resource.group === "" ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    name,
    uid,
    ...(isController ? { controller: true } : {}),
    ...(blocksDeletion ? { blockOwnerDeletion: true } : {}),
  };
  return [...others, reference];
}

function refused(problem: string): Error {
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", { what: "owner reference", problem });
}
