import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { conflict, forbidden, invalid, notFound, preconditionFailed } from "../refusals/refusals.ts";
import { objectKey, type SimResource } from "../resources/sim-resource.ts";

const NO_NEW_NAME = "the object has been modified; please apply your changes to the latest version and try again";

/** What a DELETE may demand, from its body and query. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** What happens to objects that the deleted one owns. @defaultValue the kind's own policy */
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
  /** Preconditions were given, perhaps none in them. */
  readonly hasPreconditions?: boolean | undefined;
  /** One of many: admission is told no name. */
  readonly isCollection?: boolean | undefined;
}

/**
 * The options of a DELETE as admission sees them.
 *
 * @param grace - seconds that a graceful deletion takes, chosen by the server where the client said nothing.
 * @param base - kind, version and dry run.
 */
export function deleteOptionsBody(
  options: DeleteOptions,
  grace: number | undefined,
  base: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  const { gracePeriodSeconds = grace, uid, resourceVersion, propagationPolicy } = options;
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return {
    kind: "DeleteOptions",
    apiVersion: "meta.k8s.io/v1",
    ...base,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(options.hasPreconditions === true || Object.keys(preconditions).length > 0 ? { preconditions } : {}),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
  };
}

/** What a client cannot choose for a new object. */
export function wipeSystemFields(object: KubeObject): void {
  const { metadata } = object;
  for (const field of ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]) {
    delete metadata[field];
  }
  metadata.name ??= "";
}

/** The fields that no update changes, from the current state. */
export function carryIdentity(current: KubeObject, next: KubeObject): void {
  const metadata = next.metadata;
  metadata.name = current.metadata.name;
  for (const field of [
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ]) {
    if (current.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = current.metadata[field];
  }
}

/** @throws ApiRefusal 404 when the namespace is missing, 403 when it is being deleted. */
export function checkNamespace(store: ObjectStore, resource: SimResource, object: KubeObject): void {
  if (!resource.namespaced) return;
  const name = object.metadata.namespace ?? "";
  const namespace = store.table("namespaces").get(name);
  if (namespace === undefined) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    resource,
    object.metadata.name ?? "",
    `unable to create new content in namespace ${name} because it is being terminated`,
    [{ reason: "NamespaceTerminating", message: `namespace ${name} is being terminated`, field: "metadata.namespace" }],
  );
}

/** What a PUT or PATCH demands of the current object. @throws ApiRefusal 409, 422 */
export function checkUpdatePreconditions(
  resource: SimResource,
  current: KubeObject,
  wanted: KubeObject,
  isPatch: boolean,
  isPart: boolean,
): void {
  const { name, uid, resourceVersion } = current.metadata;
  const wantedVersion = wanted.metadata.resourceVersion ?? "";
  const wantedUid = wanted.metadata.uid ?? "";
  if (wantedUid !== "" && wantedUid !== uid && isPatch) {
    const message = `Invalid value: ${JSON.stringify(wantedUid)}: field is immutable`;
    const cause = { reason: "FieldValueInvalid", message, field: "metadata.uid" };
    // Found once by what looks at all kinds and once by what looks at this one.
    throw invalid({ group: (resource.storage ?? resource).group, kind: resource.kind }, name, [cause, cause]);
  }
  if (wantedUid !== "" && wantedUid !== uid) {
    throw conflict(
      resource,
      name,
      `StorageError: invalid object, Code: 4, Key: /registry/${resource.plural}/` +
        `${objectKey(resource, current.metadata.namespace ?? "", name)}, ResourceVersion: 0, AdditionalErrorMsg: ` +
        `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`,
    );
  }
  if (
    wantedVersion === "" &&
    !isPatch &&
    !isPart &&
    (resource.requiresVersionOnUpdate === true || resource.isCustom === true)
  ) {
    // This one refusal names the resource where all others of its kind name the kind.
    throw invalid({ group: resource.group, kind: resource.plural }, name, [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: 0: must be specified for an update",
        field: "metadata.resourceVersion",
      },
    ]);
  }
  if (wantedVersion !== "" && wantedVersion !== resourceVersion) throw conflict(resource, name, NO_NEW_NAME);
}

/** What a DELETE demands of the current object. @throws ApiRefusal 409 */
export function checkDeletePreconditions(resource: SimResource, current: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    throw preconditionFailed(
      resource,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). ` +
        "The object might have been deleted and then recreated",
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw preconditionFailed(
      resource,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record ` +
        `(${resourceVersion}). The object might have been modified`,
    );
  }
}

/** Marked for deletion and nothing holds it any more. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return false;
  if (object.kind === "Namespace" && object.apiVersion === "v1") {
    const spec = isJsonRecord(object.spec) ? object.spec : {};
    if (Array.isArray(spec["finalizers"]) && spec["finalizers"].length > 0) return false;
  }
  return deletionGracePeriodSeconds === 0 && finalizers.length === 0;
}

/** Without undefined members and without the times of field owners, so that only real changes count. */
export function comparableForm(object: KubeObject): unknown {
  return JSON.parse(
    JSON.stringify(object, function (key: string, value: unknown) {
      return key === "time" && isJsonRecord(this) && "fieldsType" in this ? undefined : value;
    }),
  );
}
