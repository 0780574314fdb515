import type { StatusCause } from "../refusals/api-refusal.ts";
import { FieldErrors } from "../kinds/field-errors.ts";
import { annotationKeyProblem, labelValueProblem, nameProblem, qualifiedNameProblems } from "../kinds/name-formats.ts";
import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";

const ANNOTATIONS_LIMIT_BYTES = 262_144;
const STANDARD_FINALIZERS: Readonly<Record<string, true>> = {
  kubernetes: true,
  orphan: true,
  foregroundDeletion: true,
};

/**
 * Everything that is wrong with an object's metadata, in the order and words of the API; empty when nothing is.
 *
 * @param current - the stored object when this is an update.
 */
export function findMetadataProblems(
  resource: SimResource,
  object: KubeObject,
  current?: KubeObject,
  subresource = "",
): readonly StatusCause[] {
  const errors = new FieldErrors();
  const { name, generateName = "" } = object.metadata;
  if (current === undefined) {
    if (generateName !== "") {
      // The beginning of a name may end with a dash.
      const why = nameProblem(resource.nameRule, generateName.replace(/-$/, "a"));
      if (why !== undefined) errors.invalid("metadata.generateName", generateName, why);
    }
    if (name === "") errors.required("metadata.name", "name or generateName is required");
    else {
      const why = nameProblem(resource.nameRule, name);
      if (why !== undefined) errors.invalid("metadata.name", name, why);
    }
  }
  checkMaps(errors, object);
  checkOwners(errors, object);
  checkFinalizers(errors, resource, object, current === undefined);
  if (current !== undefined) {
    checkNewFinalizers(errors, current, object);
    // The real server looks at an update twice: once for all kinds, once for this one.
    if (subresource === "" && resource.isCustom !== true) checkNewFinalizers(errors, current, object);
  }
  return errors.causes;
}

function checkMaps(errors: FieldErrors, object: KubeObject): void {
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    for (const why of qualifiedNameProblems(key)) errors.invalid("metadata.labels", key, why);
    const why = labelValueProblem(value);
    if (why !== undefined) errors.invalid("metadata.labels", value, why);
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(object.metadata.annotations ?? {})) {
    const why = annotationKeyProblem(key);
    if (why !== undefined) errors.invalid("metadata.annotations", key, why);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATIONS_LIMIT_BYTES) errors.tooLong("metadata.annotations", ANNOTATIONS_LIMIT_BYTES);
}

function checkOwners(errors: FieldErrors, object: KubeObject): void {
  let controller: string | undefined;
  const path = "metadata.ownerReferences";
  const owners = object.metadata.ownerReferences ?? [];
  for (const owner of owners) {
    const version = (owner.apiVersion ?? "").split("/").pop() ?? "";
    if (version === "") errors.invalid(`${path}.apiVersion`, owner.apiVersion ?? "", "version must not be empty");
    for (const field of ["kind", "name", "uid"] as const) {
      if ((owner[field] ?? "") === "") errors.invalid(`${path}.${field}`, owner[field] ?? "", "must not be empty");
    }
    if (owner.controller !== true) continue;
    const own = `${owner.kind}/${owner.name}`;
    if (controller === undefined) controller = own;
    else {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${own}`;
      errors.invalid(path, owners, why);
    }
  }
}

function checkFinalizers(errors: FieldErrors, resource: SimResource, object: KubeObject, isNew: boolean): void {
  const finalizers = object.metadata.finalizers ?? [];
  for (const finalizer of finalizers) {
    for (const why of qualifiedNameProblems(finalizer)) errors.invalid("metadata.finalizers", finalizer, why);
  }
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    const why = "finalizer orphan and foregroundDeletion cannot be both set";
    errors.invalid("metadata.finalizers", finalizers, why);
  }
  if (!isNew || resource.isCustom === true) return;
  finalizers.forEach((finalizer, index) => {
    if (finalizer.includes("/") || STANDARD_FINALIZERS[finalizer] === true) return;
    const why = "name is neither a standard finalizer name nor is it fully qualified";
    errors.invalid(`metadata.finalizers[${index}]`, finalizer, why);
  });
}

function checkNewFinalizers(errors: FieldErrors, current: KubeObject, next: KubeObject): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const old = current.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !old.includes(finalizer)).sort();
  if (added.length === 0) return;
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
  errors.forbidden(
    "metadata.finalizers",
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  );
}

/** Path of the first map of strings in the metadata that is not one; undefined when all are well formed. */
export function findMetadataTypeProblem(metadata: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field];
    if (map === undefined || map === null) continue;
    if (!isJsonRecord(map) || Object.values(map).some((value) => typeof value !== "string")) return `metadata.${field}`;
  }
  const finalizers = metadata["finalizers"];
  if (finalizers !== undefined && finalizers !== null && !Array.isArray(finalizers)) return "metadata.finalizers";
  for (const field of ["name", "namespace", "generateName", "uid", "resourceVersion"]) {
    const value = metadata[field];
    if (value !== undefined && value !== null && typeof value !== "string") return `metadata.${field}`;
  }
  return undefined;
}
