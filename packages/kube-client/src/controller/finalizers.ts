import { createError, hasCode } from "@kinglet/errors";
import { kubeClientErrors } from "../errors.ts";
import type { CallOptions, KubeClient } from "../kube-client.ts";
import type { KubeMetadata, KubeObject } from "../kube-object.ts";
import type { ResourceDefinition } from "../resource-definition.ts";

/** An object whose finalizers and deletion time were kept. @public */
export interface FinalizedObject extends KubeObject {
  readonly metadata: KubeMetadata & {
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
}

/**
 * Makes sure that the object cannot go before `removeFinalizer`; call it before anything outside is created for it.
 *
 * Guarded by the object's resourceVersion: nothing another writer did is undone.
 *
 * @returns false when the object is being deleted already, so that nothing may be created for it any more.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT when it has changed meanwhile: reconcile again.
 * @public
 */
export async function addFinalizer(
  client: Pick<KubeClient, "patch">,
  resource: ResourceDefinition,
  object: FinalizedObject,
  finalizer: string,
  options: CallOptions = {},
): Promise<boolean> {
  checkFinalizer(finalizer);
  const { finalizers = [], deletionTimestamp } = object.metadata;
  if (finalizers.includes(finalizer)) return true;
  if (deletionTimestamp !== undefined && deletionTimestamp !== null) return false;
  await write(client, resource, object, [...finalizers, finalizer], options);
  return true;
}

/**
 * Lets the object go: what was created for it is gone. An object that is gone already is fine.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT when it has changed meanwhile: reconcile again.
 * @public
 */
export async function removeFinalizer(
  client: Pick<KubeClient, "patch">,
  resource: ResourceDefinition,
  object: FinalizedObject,
  finalizer: string,
  options: CallOptions = {},
): Promise<void> {
  const { finalizers = [] } = object.metadata;
  if (!finalizers.includes(finalizer)) return;
  const others = finalizers.filter((other) => other !== finalizer);
  try {
    await write(client, resource, object, others, options);
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) throw error;
  }
}

async function write(
  client: Pick<KubeClient, "patch">,
  resource: ResourceDefinition,
  { metadata }: FinalizedObject,
  finalizers: readonly string[],
  options: CallOptions,
): Promise<void> {
  const { name, namespace, uid, resourceVersion } = metadata;
  // The uid keeps the patch from an object that was made again under the name.
  const patch = { metadata: { uid, resourceVersion, finalizers } };
  await client.patch(resource, name, patch, { ...options, type: "merge", namespace });
}

function checkFinalizer(finalizer: string): void {
  if (/^[a-z0-9.-]+\/[A-Za-z0-9._-]{1,63}$/.test(finalizer)) return;
  throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
    what: `finalizer ${JSON.stringify(finalizer)}`,
    problem: "must be a qualified name like example.com/cleanup",
  });
}
