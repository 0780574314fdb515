import { isJsonRecord } from "../resources/kube-object.ts";
import { isResourceNode, propertyOf, valueSchemaOf, type JsonSchema } from "../custom-resources/schema/json-schema.ts";
import { parseDateTime, parseDuration } from "../custom-resources/schema/string-formats.ts";
import { celFieldName } from "../custom-resources/rules/schema-cel-type.ts";

/** An expression failed on its values. Absorbed by `||` and `&&` as CEL says. */
export class CelFault extends Error {}

/** The expression used up its budget. Absorbed by nothing. */
export class CelCostExceeded extends Error {}

/** An unsigned integer. */
export class CelUint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time. */
export class CelTimestamp {
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
}

export class CelDuration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A value that may be missing. */
export class CelOptional {
  readonly isPresent: boolean;
  readonly value: unknown;
  constructor(isPresent: boolean, value?: unknown) {
    this.isPresent = isPresent;
    this.value = value;
  }
}

/** The name of a type as a value: `type(x) == int`. */
export class CelTypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's own type: an address, a quantity, a URL. */
export class CelOpaque<T = unknown> {
  readonly type: string;
  readonly content: T;
  constructor(type: string, content: T) {
    this.type = type;
    this.content = content;
  }
}

/** Lists that the schema calls sets and maps are equal in any order. */
const listSchemas = new WeakMap<readonly unknown[], JsonSchema>();

/** Turns JSON into what rules compute with, as the schema says: integers, times, maps with the names that rules use. */
export function celValueOf(value: unknown, schema: JsonSchema | undefined, isRoot: boolean): unknown {
  if (value === null || value === undefined) return null;
  if (schema?.["x-kubernetes-int-or-string"] === true)
    return typeof value === "number" ? BigInt(Math.trunc(value)) : value;
  if (Array.isArray(value)) {
    const list = value.map((item) => celValueOf(item, schema?.items, isResourceNode(schema?.items)));
    if (schema !== undefined) listSchemas.set(list, schema);
    return list;
  }
  if (isJsonRecord(value)) return objectValue(value, schema, isRoot);
  if (typeof value === "number") return schema?.type === "integer" ? BigInt(Math.trunc(value)) : value;
  if (typeof value === "string" && schema?.type === "string") return textValue(value, schema.format);
  return value;
}

/** Equality of CEL: numbers across their types, sets and list-maps of the schema in any order. */
export function celEquals(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && a == b;
  if (Array.isArray(left)) return Array.isArray(right) && listsEqual(left, right);
  if (left instanceof Map) return right instanceof Map && mapsEqual(left, right);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.milliseconds === right.milliseconds;
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanoseconds === right.nanoseconds;
  if (left instanceof CelTypeValue) return right instanceof CelTypeValue && left.name === right.name;
  if (left instanceof CelOptional) {
    return right instanceof CelOptional && left.isPresent === right.isPresent && celEquals(left.value, right.value);
  }
  if (left instanceof CelOpaque && right instanceof CelOpaque) {
    return left.type === right.type && opaqueText(left) === opaqueText(right);
  }
  return false;
}

/** Order of two values of one type; undefined when they have none. */
export function celCompare(left: unknown, right: unknown): number | undefined {
  const a = numberOf(left) ?? timeOf(left);
  const b = numberOf(right) ?? timeOf(right);
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a == b ? 0 : Number.NaN;
  if (typeof left === "string" && typeof right === "string")
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return undefined;
}

/** Joins two lists: sets keep each element once, list-maps replace by key. */
export function concatLists(left: readonly unknown[], right: readonly unknown[]): unknown[] {
  const schema = listSchemas.get(left);
  const type = schema?.["x-kubernetes-list-type"];
  let joined: unknown[];
  if (type === "set") {
    joined = [...left, ...right.filter((item) => !left.some((known) => celEquals(known, item)))];
  } else if (type === "map") {
    const same = keyTest(schema);
    joined = left.map((item) => right.find((other) => same(item, other)) ?? item);
    joined.push(...right.filter((other) => !left.some((item) => same(item, other))));
  } else {
    return [...left, ...right];
  }
  if (schema !== undefined) listSchemas.set(joined, schema);
  return joined;
}

/** The text of a value in messages and in `string()`. */
export function opaqueText(value: CelOpaque): string {
  const content = value.content as { toString(): string };
  return typeof content === "string"
    ? content
    : JSON.stringify(content, (_key, part: unknown) => (typeof part === "bigint" ? `${part}` : part));
}

/** Number of the value; undefined when it is none. */
function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return value instanceof CelUint ? value.value : undefined;
}

function timeOf(value: unknown): number | bigint | undefined {
  if (value instanceof CelTimestamp) return value.milliseconds;
  return value instanceof CelDuration ? value.nanoseconds : undefined;
}

function objectValue(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema | undefined,
  isRoot: boolean,
): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  const values = valueSchemaOf(schema);
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    if (values !== undefined) {
      map.set(name, celValueOf(member, values, isResourceNode(values)));
      continue;
    }
    const property = propertyOf(schema, name);
    const escaped = celFieldName(name);
    if (escaped === undefined) continue;
    if (isRoot && name === "metadata") map.set(name, celValueOf(visibleMetadata(member), undefined, false));
    else if (property !== undefined || isRoot) map.set(escaped, celValueOf(member, property, isResourceNode(property)));
  }
  return map;
}

function visibleMetadata(metadata: unknown): unknown {
  if (!isJsonRecord(metadata)) return {};
  const { name, generateName } = metadata;
  return { ...(name === undefined ? {} : { name }), ...(generateName === undefined ? {} : { generateName }) };
}

function textValue(value: string, format: string | undefined): unknown {
  switch (format) {
    case "byte":
      return new Uint8Array(Buffer.from(value, "base64"));
    case "duration": {
      const nanoseconds = parseDuration(value);
      return nanoseconds === undefined ? value : new CelDuration(nanoseconds);
    }
    case "date":
    case "date-time": {
      const milliseconds = format === "date" ? Date.parse(`${value}T00:00:00Z`) : parseDateTime(value);
      return milliseconds === undefined || Number.isNaN(milliseconds) ? value : new CelTimestamp(milliseconds);
    }
    default:
      return value;
  }
}

function listsEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  const schema = listSchemas.get(left) ?? listSchemas.get(right);
  const type = schema?.["x-kubernetes-list-type"];
  if (type === "set") return left.every((item) => right.some((other) => celEquals(item, other)));
  if (type === "map") {
    const same = keyTest(schema);
    return left.every((item) => {
      const other = right.find((candidate) => same(item, candidate));
      return other !== undefined && celEquals(item, other);
    });
  }
  return left.every((item, index) => celEquals(item, right[index]));
}

function keyTest(schema: JsonSchema | undefined): (left: unknown, right: unknown) => boolean {
  const keys = (schema?.["x-kubernetes-list-map-keys"] ?? []).map((key) => celFieldName(key) ?? key);
  return (left, right) =>
    left instanceof Map && right instanceof Map && keys.every((key) => celEquals(left.get(key), right.get(key)));
}

function mapsEqual(left: ReadonlyMap<unknown, unknown>, right: ReadonlyMap<unknown, unknown>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (!right.has(key) || !celEquals(value, right.get(key))) return false;
  return true;
}

/** Values of the variables of an expression. */
export type CelVariables = ReadonlyMap<string, unknown>;
