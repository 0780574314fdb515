import { isJsonRecord, type JsonRecord } from "../../resources/kube-object.ts";
import { childPath, duplicateField, invalidField, keyPath, type FieldProblem } from "./field-problem.ts";
import { propertyOf, valueSchemaOf, type JsonSchema } from "./json-schema.ts";

/** Elements of sets and keys of list-maps that occur more than once, each reported at its second occurrence. */
export function findDuplicates(path: string, schema: JsonSchema | undefined, value: unknown): FieldProblem[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return [...listDuplicates(path, schema, value), ...nestedDuplicates(path, schema, value)];
  if (!isJsonRecord(value)) return [];
  const values = valueSchemaOf(schema);
  return Object.entries(value).flatMap(([name, member]) => {
    const property = propertyOf(schema, name);
    if (property !== undefined) return findDuplicates(childPath(path, name), property, member);
    return findDuplicates(keyPath(path, name), values, member);
  });
}

/** The text that two equal JSON values share: members in the order of their names. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonRecord(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
  return `{${members.join(",")}}`;
}

function nestedDuplicates(path: string, schema: JsonSchema, list: readonly unknown[]): FieldProblem[] {
  return list.flatMap((item, index) => findDuplicates(keyPath(path, index), schema.items, item));
}

function listDuplicates(path: string, schema: JsonSchema, list: readonly unknown[]): FieldProblem[] {
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return repeated(list).map((index) => duplicateField(keyPath(path, index), list[index]));
    case "map":
      return mapDuplicates(path, schema["x-kubernetes-list-map-keys"] ?? [], list);
    default:
      return [];
  }
}

function mapDuplicates(path: string, keys: readonly string[], list: readonly unknown[]): FieldProblem[] {
  const wrong = list.findIndex((item) => item !== null && !isJsonRecord(item));
  if (wrong >= 0) {
    return [invalidField(keyPath(path, wrong), list[wrong], "must be an object for an array of list-type map")];
  }
  const identities = list.map((item) => {
    const identity: JsonRecord = {};
    for (const key of keys) if (isJsonRecord(item) && Object.hasOwn(item, key)) identity[key] = item[key];
    return identity;
  });
  return repeated(identities).map((index) => duplicateField(keyPath(path, index), identities[index]));
}

/** Positions of the second occurrence of everything that occurs more than once. */
function repeated(values: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const found: number[] = [];
  values.forEach((value, index) => {
    const text = canonicalJson(value);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) found.push(index);
  });
  return found;
}
