import type { StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord, type JsonRecord, type KubeObject, readPath } from "../resources/kube-object.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import type { FieldSet } from "./field-set.ts";
import { compareStructural } from "./structural-compare.ts";
import { fieldsOf } from "./structural-fields.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
/** All annotations of an object together, bytes. */
const MAX_ANNOTATION_BYTES = 262_144;

/**
 * The fields that kubectl applied on the client's side and that nobody has changed since; kubectl may take them over.
 *
 * @returns undefined when the object carries no such record, or none of this version.
 */
export function lastAppliedFields(type: StructuralType, live: JsonRecord, resource: SimResource): FieldSet | undefined {
  const record = annotationsOf(live)[ANNOTATION];
  if (typeof record !== "string" || record === "") return undefined;
  let applied: unknown;
  try {
    applied = JSON.parse(record);
  } catch {
    return undefined;
  }
  if (!isJsonRecord(applied) || applied["apiVersion"] !== apiVersionOf(resource)) return undefined;
  const comparison = compareStructural(type, applied, live);
  return fieldsOf(type, applied)
    .difference(comparison.modified)
    .difference(comparison.added)
    .difference(comparison.removed);
}

/** Keeps the record of an object that has one up to date, as long as it fits. */
export function withLastApplied(object: KubeObject, applied: JsonRecord): KubeObject {
  const annotations = annotationsOf(object);
  if ((annotations[ANNOTATION] ?? "") === "") return object;
  const metadata = isJsonRecord(applied["metadata"]) ? applied["metadata"] : {};
  const { [ANNOTATION]: _, ...kept } = annotationsOf(applied);
  const { annotations: _all, ...rest } = metadata;
  const record = sorted({
    ...applied,
    metadata: { ...rest, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) },
  });
  const next: JsonRecord = { ...annotations, [ANNOTATION]: `${JSON.stringify(record)}\n` };
  const bytes = Object.entries(next).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`${name}${String(value)}`),
    0,
  );
  if (bytes > MAX_ANNOTATION_BYTES) delete next[ANNOTATION];
  return { ...object, metadata: { ...object.metadata, annotations: next as Record<string, string> } };
}

function annotationsOf(object: unknown): JsonRecord {
  const annotations = readPath(object, "metadata.annotations");
  return isJsonRecord(annotations) ? annotations : {};
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
