import { isJsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { apiVersionOf, servedObject, tableName, type SimResource, subresourceOf } from "../resources/sim-resource.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";

/** A kind as reviews name it. */
interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A resource as reviews name it. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** The resource an attempt is on, in one of the versions it is served in. */
export interface AdmissionTarget {
  readonly row: SimResource;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
}

/** What was asked for. */
export function requestedTarget(attempt: WriteAttempt): AdmissionTarget {
  return targetOf(attempt.resource, attempt.subresource);
}

function targetOf(row: SimResource, subresource: string): AdmissionTarget {
  const { group, version, plural } = row;
  const handler = subresourceOf(row, subresource);
  const kind =
    handler?.kind === undefined
      ? { group, version, kind: row.kind }
      : { group: handler.group ?? group, version: handler.version ?? version, kind: handler.kind };
  return { row, kind, resource: { group, version, resource: plural } };
}

/** The same objects under other groups and versions. */
export function equivalentTargets(attempt: WriteAttempt, registry: ResourceRegistry): AdmissionTarget[] {
  const { resource, subresource } = attempt;
  const table = tableName(resource);
  const rows = [...registry.all()].filter((row) => row !== resource && tableName(row) === table);
  return rows.map((row) => targetOf(row, subresource));
}

/** The object as another version serves it; bodies of sub-resources are the same in all. */
export function convertObject(
  object: KubeObject | undefined,
  from: SimResource,
  to: SimResource,
): KubeObject | undefined {
  if (object === undefined || from === to || object.kind !== from.kind) return object;
  const stored = from.storage === undefined ? object : from.storage.toStored(object);
  const served = servedObject(to, stored);
  return { ...served, kind: to.kind, apiVersion: apiVersionOf(to) };
}

/** A request for a Namespace counts as one in that namespace. */
export function namespaceOf(attempt: WriteAttempt): string {
  return isNamespace(attempt) ? nameOf(attempt) : attempt.namespace;
}

/** "" while the name is still to be generated. */
export function nameOf(attempt: WriteAttempt): string {
  return attempt.name === "" ? (attempt.object?.metadata?.name ?? "") : attempt.name;
}

export function isNamespace(attempt: WriteAttempt): boolean {
  return attempt.resource.group === "" && attempt.resource.plural === "namespaces";
}

/** The labels of an object; undefined for a body without metadata. */
export function labelsOf(object: KubeObject | undefined): Readonly<Record<string, string>> | undefined {
  if (object === undefined || !isJsonRecord(object.metadata)) return undefined;
  return object.metadata.labels ?? {};
}
