import type { StructuralField, StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord, setMember, type JsonRecord } from "../kube-object.ts";
import { canonicalQuantity } from "./canonical-quantity.ts";
import { zeroStruct, zeroValue } from "./zero-value.ts";

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const QUANTITY_TEXT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const LIMITS: Readonly<Record<string, number>> = { int32: 2_147_483_648, int64: 2 ** 63 };

/** A value of the wrong type; the message is the server's. Never leaves the package: callers turn it into a refusal. */
export class TypeMismatch extends Error {}

/** What became of a value. */
export interface DecodedObject {
  readonly value: JsonRecord;
  /** Paths of fields that the type does not declare, in the order of the body: `spec.containers[0].foo`. */
  readonly unknown: readonly string[];
}

/**
 * Does to a JSON object what decoding it into the declared struct and writing it again does: drops undeclared fields, `null` and
 * what is empty and may be left out; fills in what is never left out; brings quantities, times and bytes into their one form; puts
 * fields in the order of the struct.
 *
 * @returns a new object; the argument is not changed.
 * @throws TypeMismatch at the first value of a wrong type
 */
export function decodeTyped(type: StructuralType, value: unknown): DecodedObject {
  if (!isJsonRecord(value))
    throw new TypeMismatch(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${goTypeOf(type)}`);
  const unknown: string[] = [];
  const decoder: Decoder = { unknown, struct: type.name ?? "", path: "" };
  return { value: decodeStruct(type, value, "", decoder), unknown };
}

interface Decoder {
  readonly unknown: string[];
  /** For messages: the innermost struct, and the way there without positions and names of maps. */
  readonly struct: string;
  readonly path: string;
}

function decodeStruct(type: StructuralType, value: JsonRecord, at: string, decoder: Decoder): JsonRecord {
  const inside = { ...decoder, struct: type.name ?? decoder.struct };
  for (const name of Object.keys(value)) {
    if (type.fields?.has(name) !== true) decoder.unknown.push(join(at, name));
  }
  const result: JsonRecord = {};
  for (const [name, field] of type.fields ?? []) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const path = decoder.path === "" ? name : `${decoder.path}.${name}`;
    const decoded = decodeField(field, given, join(at, name), { ...inside, path });
    if (decoded !== undefined) result[name] = decoded;
  }
  return result;
}

/** @returns undefined when the field is left out */
function decodeField(field: StructuralField, value: unknown, at: string, decoder: Decoder): unknown {
  const absent = (): unknown => {
    if (field.isAlwaysWritten !== true) return undefined;
    return field.isPointer === true ? null : zeroValue(field.type);
  };
  if (value === undefined || value === null) return absent();
  const decoded = decodeValue(field.type, value, at, decoder);
  if (field.isAlwaysWritten === true || field.isPointer === true) return decoded;
  return isEmpty(field.type, decoded) ? undefined : decoded;
}

function decodeValue(type: StructuralType, value: unknown, at: string, decoder: Decoder): unknown {
  switch (type.kind) {
    case "object":
      if (value === null || value === undefined) return zeroStruct(type);
      if (!isJsonRecord(value)) throw mismatch(type, value, decoder);
      return decodeStruct(type, value, at, decoder);
    case "map": {
      if (value === null) return null;
      if (!isJsonRecord(value)) throw mismatch(type, value, decoder);
      const result: JsonRecord = {};
      for (const name of Object.keys(value).sort(compareText)) {
        setMember(result, name, decodeValue(type.element ?? { kind: "any" }, value[name], join(at, name), decoder));
      }
      return result;
    }
    case "list":
      if (value === null) return null;
      if (!Array.isArray(value)) throw mismatch(type, value, decoder);
      return value.map((item, position) =>
        decodeValue(type.element ?? { kind: "any" }, item, `${at}[${position}]`, decoder),
      );
    case "any":
    case "raw":
      return structuredClone(value);
    default:
      return value === null || value === undefined ? zeroValue(type) : decodeScalar(type, value, decoder);
  }
}

function decodeScalar(type: StructuralType, value: unknown, decoder: Decoder): unknown {
  switch (type.kind) {
    case "string":
      if (typeof value !== "string") throw mismatch(type, value, decoder);
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw mismatch(type, value, decoder);
      return value;
    case "int32":
    case "int64":
      if (typeof value !== "number") throw mismatch(type, value, decoder);
      if (!Number.isInteger(value) || Math.abs(value) > (LIMITS[type.kind] ?? 0)) {
        throw mismatch(type, value, decoder, `number ${String(value)}`);
      }
      return value;
    case "number":
      if (typeof value !== "number") throw mismatch(type, value, decoder);
      return value;
    case "intOrString":
      if (typeof value !== "number" && typeof value !== "string") throw mismatch(type, value, decoder);
      return value;
    case "bytes":
      if (typeof value !== "string") throw mismatch(type, value, decoder);
      if (!BASE64.test(value.replace(/[\r\n]/g, ""))) throw new TypeMismatch(illegalBase64(value));
      return value.replace(/[\r\n]/g, "");
    case "quantity": {
      const quantity =
        typeof value === "string" || typeof value === "number" ? canonicalQuantity(String(value)) : undefined;
      if (quantity === undefined) throw new TypeMismatch(QUANTITY_TEXT);
      return quantity;
    }
    default:
      return decodeTime(type, value, decoder);
  }
}

/** Times in UTC: seconds, or microseconds where the kind has them. */
function decodeTime(type: StructuralType, value: unknown, decoder: Decoder): string {
  if (typeof value !== "string") throw mismatch(type, value, decoder);
  const parts = RFC3339.exec(value);
  const ms = parts === null ? Number.NaN : Date.parse(value);
  if (parts === null || Number.isNaN(ms)) {
    const layout = type.kind === "microTime" ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
    const shown = JSON.stringify(value);
    throw new TypeMismatch(`parsing time ${shown} as ${JSON.stringify(layout)}: cannot parse ${shown} as "2006"`);
  }
  const seconds = new Date(ms).toISOString().slice(0, 19);
  if (type.kind === "time") return `${seconds}Z`;
  return `${seconds}.${(parts[2] ?? ".").slice(1, 7).padEnd(6, "0")}Z`;
}

/** What `omitempty` leaves out: structs never are, whatever is in them. */
function isEmpty(type: StructuralType, value: unknown): boolean {
  if (value === "" || value === 0 || value === false || value === null)
    return type.kind !== "any" && type.kind !== "raw";
  if (type.kind === "list") return Array.isArray(value) && value.length === 0;
  return type.kind === "map" && isJsonRecord(value) && Object.keys(value).length === 0;
}

function mismatch(
  type: StructuralType,
  value: unknown,
  decoder: Decoder,
  shown: string = jsonTypeOf(value),
): TypeMismatch {
  const field = `${decoder.struct}.${decoder.path}`;
  return new TypeMismatch(`json: cannot unmarshal ${shown} into Go struct field ${field} of type ${goTypeOf(type)}`);
}

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

function goTypeOf(type: StructuralType): string {
  switch (type.kind) {
    case "object":
      return `v1.${type.name ?? ""}`;
    case "map":
      return `map[string]${goTypeOf(type.element ?? { kind: "any" })}`;
    case "list":
      return `[]${goTypeOf(type.element ?? { kind: "any" })}`;
    case "boolean":
      return "bool";
    case "number":
      return "float64";
    case "bytes":
      return "[]uint8";
    default:
      return type.kind === "int32" || type.kind === "int64" ? type.kind : "string";
  }
}

function illegalBase64(text: string): string {
  const at = /[^A-Za-z0-9+/=\r\n]/.exec(text)?.index ?? Math.floor(text.length / 4) * 4;
  return `illegal base64 data at input byte ${at}`;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
