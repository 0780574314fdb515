/**
 * The metadata every Kubernetes object carries, as the API writes it in JSON.
 *
 * @public
 */
export interface ObjectMeta {
  name: string;
  /** Absent on cluster-wide objects. */
  namespace?: string;
  generateName?: string;
  uid: string;
  /** Decimal number of the store's revision at the last write. Opaque to clients. */
  resourceVersion: string;
  /** Counts changes of the specification; absent on kinds that do not count them. */
  generation?: number;
  /** RFC 3339, seconds. */
  creationTimestamp: string;
  deletionTimestamp?: string;
  /** Seconds. */
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
  [field: string]: unknown;
}

/**
 * A whole Kubernetes object as JSON, of any kind.
 *
 * @public
 */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
  [field: string]: unknown;
}

/**
 * An object as a caller writes it: whatever the server fills in may be missing.
 *
 * @public
 */
export interface KubeObjectInput {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Any JSON object. */
export type JsonRecord = Record<string, unknown>;

/** True for a JSON object: not null, not an array. */
export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a dotted path (`spec.nodeName`); undefined when any part is missing. */
export function readPath(value: unknown, path: string): unknown {
  let at: unknown = value;
  for (const part of path.split(".")) {
    if (!isJsonRecord(at)) return undefined;
    at = at[part];
  }
  return at;
}

/** The objects of a list; anything else in it is left out, and what is no list is an empty one. */
export function recordsIn(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isJsonRecord) : [];
}

/** The strings of a list; anything else in it is left out, and what is no list is an empty one. */
export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A string; "" for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Sets a member by name, also one called `__proto__`, which an assignment would take for the prototype. */
export function setMember(record: JsonRecord, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    record[name] = value;
  }
}
