import { createError, hasCode } from "@kinglet/errors";
import { createBackoff, sleep, systemClock, type Clock } from "@kinglet/lifecycle";
import { kubeClientErrors } from "../errors.ts";
import type { DeleteOptions, KubeClient, WriteOptions } from "../kube-client.ts";
import type { KubeObject } from "../kube-object.ts";
import type { ResourceDefinition } from "../resource-definition.ts";

/** @public */
export interface UpdateOptions extends WriteOptions {
  /** Tries at most, ≥ 1. @defaultValue 5 */
  readonly attempts?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** What the API server allows: printable, at most 128 characters. */
const FIELD_MANAGER = /^[\x20-\x7e]{1,128}$/;
/** As many new names as the server itself tries. */
const NAME_ATTEMPTS = 8;

/**
 * Reads, changes and writes an object; when somebody else wrote in between, again from the new state. The whole object is read, so fields that the type does
 * not know are kept.
 *
 * @param change - makes the wanted object from the current one, which it must not change; undefined: nothing to do.
 * @returns what the server stored, or the current object when there was nothing to do.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT after the last attempt; whatever reading and writing throw.
 * @public
 */
export async function updateObject<T extends KubeObject>(
  client: Pick<KubeClient, "get" | "replace">,
  resource: ResourceDefinition,
  name: string,
  change: (current: T) => T | undefined,
  options: UpdateOptions = {},
): Promise<T> {
  const { attempts = 5, clock = systemClock, random, ...writeOptions } = options;
  const { signal, namespace, timeoutMs } = writeOptions;
  const backoff = createBackoff({ initialMs: 10, maxMs: 1000, ...(random === undefined ? {} : { random }) });
  for (;;) {
    const current = await client.get<T>(resource, name, { signal, namespace, timeoutMs });
    const wanted = change(current);
    if (wanted === undefined) return current;
    const { resourceVersion } = current.metadata;
    const body = { ...wanted, metadata: { ...wanted.metadata, resourceVersion } };
    try {
      return await client.replace<T>(resource, body, writeOptions);
    } catch (error) {
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_CONFLICT") || backoff.attempt >= attempts - 1) throw error;
      await sleep(backoff.nextDelayMs(), { clock, ...(signal === undefined ? {} : { signal }) });
    }
  }
}

/**
 * Server-side apply: the server keeps these fields as this manager's, and takes away what it applied before and leaves out now. Makes the object
 * when there is none.
 *
 * @param object - only the fields the manager wants to own; with apiVersion, kind and metadata.name.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT when another manager owns a field with another value; `details.causes` name owners and fields. `force` takes them over.
 * @public
 */
export async function applyObject<T extends KubeObject>(
  client: Pick<KubeClient, "patch">,
  resource: ResourceDefinition,
  object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string; readonly managedFields?: unknown };
  },
  options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
): Promise<T> {
  if (!FIELD_MANAGER.test(options.fieldManager)) {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
      what: `field manager ${JSON.stringify(options.fieldManager)}`,
      problem: "must be 1 to 128 printable characters",
    });
  }
  // The server refuses it in an applied object, and objects that were read carry it.
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  const namespace = options.namespace ?? metadata.namespace;
  return client.patch<T>(resource, metadata.name, { ...object, metadata }, { ...options, namespace, type: "apply" });
}

/**
 * Writes the status of an object and nothing else, as a merge patch.
 *
 * @public
 */
export async function patchStatus<T extends KubeObject>(
  client: Pick<KubeClient, "patch">,
  resource: ResourceDefinition,
  object: KubeObject,
  status: Readonly<Record<string, unknown>>,
  options: WriteOptions = {},
): Promise<T> {
  const { name, namespace, resourceVersion } = object.metadata;
  const patch = { metadata: { resourceVersion }, status };
  return client.patch<T>(resource, name, patch, { ...options, type: "merge", namespace, subresource: "status" });
}

/**
 * Creates an object under a name that the server makes from `metadata.generateName`; a name that is taken is tried again with another one.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS after eight names.
 * @public
 */
export async function createGenerated<T extends KubeObject>(
  client: Pick<KubeClient, "create">,
  resource: ResourceDefinition,
  object: { readonly metadata: { readonly generateName: string; readonly namespace?: string } },
  options: WriteOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.create<T>(resource, object, options);
    } catch (error) {
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS") || attempt >= NAME_ATTEMPTS) throw error;
    }
  }
}

/**
 * Deletes an object; one that is gone already is fine.
 *
 * @returns false when there was none.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT when `preconditions` name another incarnation.
 * @public
 */
export async function deleteObject(
  client: Pick<KubeClient, "delete">,
  resource: ResourceDefinition,
  name: string,
  options: DeleteOptions = {},
): Promise<boolean> {
  try {
    await client.delete(resource, name, options);
    return true;
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
    throw error;
  }
}
