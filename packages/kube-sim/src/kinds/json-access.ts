import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";

/** The record under a name; undefined when there is none. */
export function recordAt(parent: unknown, name: string): JsonRecord | undefined {
  const value = isJsonRecord(parent) ? parent[name] : undefined;
  return isJsonRecord(value) ? value : undefined;
}

/** The record under a name, made when it is missing. */
export function ensureRecord(parent: JsonRecord, name: string): JsonRecord {
  const value = parent[name];
  if (isJsonRecord(value)) return value;
  const made: JsonRecord = {};
  parent[name] = made;
  return made;
}

/** The records of a list under a name; empty when there is none. */
export function recordsAt(parent: unknown, name: string): JsonRecord[] {
  const value = isJsonRecord(parent) ? parent[name] : undefined;
  return Array.isArray(value) ? value.filter(isJsonRecord) : [];
}

/** The strings of a list under a name. */
export function stringsAt(parent: unknown, name: string): string[] {
  const value = isJsonRecord(parent) ? parent[name] : undefined;
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The string under a name; "" when there is none. */
export function textAt(parent: unknown, name: string): string {
  const value = isJsonRecord(parent) ? parent[name] : undefined;
  return typeof value === "string" ? value : "";
}

/** The number under a name; undefined when there is none. */
export function numberAt(parent: unknown, name: string): number | undefined {
  const value = isJsonRecord(parent) ? parent[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

/** The `spec`, made when it is missing. */
export function specOf(object: KubeObject): JsonRecord {
  return ensureRecord(object, "spec");
}

/** Sets fields that are absent, null or (for strings) empty. */
export function fill(record: JsonRecord, defaults: JsonRecord): void {
  for (const name in defaults) {
    const value = record[name];
    if (value === undefined || value === null || value === "") record[name] = structuredClone(defaults[name]);
  }
}

/** Sets numbers that are absent or 0. */
export function fillNumbers(record: JsonRecord, defaults: Readonly<Record<string, number>>): void {
  for (const name in defaults) {
    const value = record[name];
    if (value === undefined || value === null || value === 0) record[name] = defaults[name];
  }
}
