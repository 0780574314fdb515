import { FieldSet } from "./field-set.ts";
import { isJsonRecord } from "../resources/kube-object.ts";

/** What one manager owns, as one entry of `metadata.managedFields` says it. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** RFC 3339, seconds; undefined when the entry has none. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers by {@link managerKey}. */
export type ManagedFields = Map<string, ManagedEntry>;

/** Appliers are the same manager in every version, updaters are not. */
export function managerKey(entry: Pick<ManagedEntry, "manager" | "operation" | "apiVersion" | "subresource">): string {
  const version = entry.operation === "Apply" ? "" : entry.apiVersion;
  return JSON.stringify([entry.manager, entry.operation, version, entry.subresource]);
}

/** @returns undefined when the list is none that the API would accept; an empty map for an absent list. */
export function tryParseManagedFields(value: unknown): ManagedFields | undefined {
  const managed: ManagedFields = new Map();
  if (value === undefined || value === null) return managed;
  if (!Array.isArray(value)) return undefined;
  for (const item of value as unknown[]) {
    if (!isJsonRecord(item)) return undefined;
    const { operation, apiVersion, fieldsType, time } = item;
    if (operation !== "Apply" && operation !== "Update") return undefined;
    if (typeof apiVersion !== "string" || apiVersion === "" || fieldsType !== "FieldsV1") return undefined;
    const fields = FieldSet.tryParse(item["fieldsV1"] ?? {});
    if (fields === undefined) return undefined;
    const entry: ManagedEntry = {
      manager: typeof item["manager"] === "string" ? item["manager"] : "",
      operation,
      apiVersion,
      subresource: typeof item["subresource"] === "string" ? item["subresource"] : "",
      time: typeof time === "string" ? time : undefined,
      fields,
    };
    managed.set(managerKey(entry), entry);
  }
  return managed;
}

/** A list that a client wrote in order to have nobody own anything: `[]` or `[{}]`. */
export function isReset(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [only] = value as unknown[];
  return value.length === 0 || (value.length === 1 && isJsonRecord(only) && Object.keys(only).length === 0);
}

/** @returns the list in the API's order: Apply before Update, then by time, name, version, sub-resource; undefined when empty. */
export function encodeManagedFields(managed: ManagedFields): Record<string, unknown>[] | undefined {
  if (managed.size === 0) return undefined;
  return [...managed.values()].sort(compareEntries).map(encodeEntry);
}

/** In the order of the API. */
function encodeEntry(entry: ManagedEntry): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  if (entry.manager !== "") encoded["manager"] = entry.manager;
  encoded["operation"] = entry.operation;
  encoded["apiVersion"] = entry.apiVersion;
  if (entry.time !== undefined) encoded["time"] = entry.time;
  encoded["fieldsType"] = "FieldsV1";
  encoded["fieldsV1"] = entry.fields.toFieldsV1();
  if (entry.subresource !== "") encoded["subresource"] = entry.subresource;
  return encoded;
}

const MAX_UPDATERS = 10;
const OLD_UPDATERS = "ancient-changes";

/** More than ten updaters: the oldest of each version become one, so that the list stays small. Changes the map. */
export function capUpdaters(managed: ManagedFields): void {
  const updaters = [...managed]
    .filter(([, entry]) => entry.operation === "Update")
    .sort(([, a], [, b]) => compareAge(a, b));
  let count = updaters.length;
  const firstOfVersion = new Map<string, string>();
  for (const [key, entry] of updaters) {
    if (count <= MAX_UPDATERS) return;
    const bucket = {
      manager: OLD_UPDATERS,
      operation: "Update" as const,
      apiVersion: entry.apiVersion,
      subresource: "",
    };
    const bucketKey = managerKey(bucket);
    const first = firstOfVersion.get(entry.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(entry.apiVersion, key);
      continue;
    }
    const known = managed.get(bucketKey) ?? managed.get(first);
    if (!managed.has(bucketKey)) managed.delete(first);
    managed.delete(key);
    const fields = known === undefined ? entry.fields : entry.fields.union(known.fields);
    managed.set(bucketKey, { ...bucket, time: entry.time, fields });
    count--;
  }
}

function compareAge(left: ManagedEntry, right: ManagedEntry): number {
  return seconds(left.time) - seconds(right.time) || compareText(managerKey(left), managerKey(right));
}

function compareEntries(left: ManagedEntry, right: ManagedEntry): number {
  return (
    compareText(left.operation, right.operation) ||
    seconds(left.time) - seconds(right.time) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

function seconds(time: string | undefined): number {
  const ms = time === undefined ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
