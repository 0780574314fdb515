import { isJsonRecord } from "../../resources/kube-object.ts";
import { childPath, keyPath } from "./field-problem.ts";
import {
  allowsAnyMember,
  isResourceField,
  isResourceNode,
  propertyOf,
  schemaOfMember,
  valueSchemaOf,
  type JsonSchema,
} from "./json-schema.ts";

/**
 * Removes what the schema does not describe, in place, and leaves the kind, version and metadata of resources alone.
 *
 * Idempotent. Below `x-kubernetes-preserve-unknown-fields` everything stays, except inside properties that are described again.
 *
 * @returns the paths of what was removed, sorted: `spec.ports[0].nmae`
 */
export function pruneObject(object: unknown, schema: JsonSchema): string[] {
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  return pruneValue(object, isEmbedded ? schema : { ...schema, "x-kubernetes-embedded-resource": true });
}

/** Removes what a schema does not describe from a value that is no resource on its own, in place. @returns the paths */
export function pruneValue(value: unknown, schema: JsonSchema): string[] {
  const removed: string[] = [];
  prune(value, schema, "", removed);
  return removed.sort();
}

/**
 * Removes nulls where the schema allows none, in place. A null that has a default stays: the default replaces it.
 */
export function pruneNulls(value: unknown, schema: JsonSchema | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) pruneNulls(item, schema?.items);
    return;
  }
  if (!isJsonRecord(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const described = schemaOfMember(schema, name);
    const isRefused = described !== undefined && described.nullable !== true && described.default === undefined;
    if (member === null && isRefused) delete value[name];
    else pruneNulls(member, described);
  }
}

function prune(value: unknown, schema: JsonSchema | undefined, path: string, removed: string[]): void {
  if (schema?.["x-kubernetes-preserve-unknown-fields"] === true) {
    keepUnknown(value, schema, path, removed);
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => prune(item, schema?.items, keyPath(path, index), removed));
    return;
  }
  if (!isJsonRecord(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (isResourceNode(schema) && isResourceField(name)) continue;
    const property = propertyOf(schema, name);
    const at = childPath(path, name);
    if (property !== undefined) prune(member, property, at, removed);
    else if (schema !== undefined && allowsAnyMember(schema)) prune(member, valueSchemaOf(schema), at, removed);
    else {
      removed.push(at);
      delete value[name];
    }
  }
}

function keepUnknown(value: unknown, schema: JsonSchema | undefined, path: string, removed: string[]): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => keepUnknown(item, schema.items, keyPath(path, index), removed));
    return;
  }
  if (!isJsonRecord(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (isResourceNode(schema) && isResourceField(name)) continue;
    const property = propertyOf(schema, name);
    const at = childPath(path, name);
    if (property !== undefined) prune(member, property, at, removed);
    else if (schema.additionalProperties !== undefined) prune(member, valueSchemaOf(schema), at, removed);
  }
}
