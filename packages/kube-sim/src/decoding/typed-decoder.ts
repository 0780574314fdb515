import type { StructuralField, StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord, setMember, type JsonRecord } from "../resources/kube-object.ts";
import { canonicalQuantity } from "./canonical-quantity.ts";
import { zeroStruct, zeroValue } from "./zero-value.ts";

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const QUANTITY_TEXT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const LIMITS: Readonly<Record<string, number>> = { int32: 2_147_483_648, int64: 2 ** 63 };

/** A value of the wrong type; the message is the server's. Never leaves the package: callers turn it into a refusal. */
export class TypeMismatch extends Error {
  /** What the server says when it does not decode JSON but restores a struct from maps, as strategic merge patches do. */
  readonly restoring: string;

  constructor(message: string, restoring: string = message) {
    super(message);
    this.restoring = restoring;
  }
}

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
  const decoded = decodeStruct(type, value, "", decoder);
  keepReset(value, decoded);
  return { value: decoded, unknown };
}

/** An empty list of owners is no absent one: it says that nobody shall own anything. */
function keepReset(value: JsonRecord, decoded: JsonRecord): void {
  const given = isJsonRecord(value["metadata"]) ? value["metadata"]["managedFields"] : undefined;
  const { metadata } = decoded;
  if (Array.isArray(given) && given.length === 0 && isJsonRecord(metadata)) metadata["managedFields"] = [];
}

interface Decoder {
  readonly unknown: string[];
  /** For messages: the innermost struct, and the way there without positions and names of maps. */
  readonly struct: string;
  readonly path: string;
}

function decodeStruct(type: StructuralType, value: JsonRecord, at: string, decoder: Decoder): JsonRecord {
  const inside = { ...decoder, struct: type.name ?? decoder.struct };
  const decoded = new Map<string, unknown>();
  // In the order of the body, so that problems come in it.
  for (const [name, given] of Object.entries(value)) {
    const field = type.fields?.get(name);
    const path = decoder.path === "" ? name : `${decoder.path}.${name}`;
    if (field === undefined) decoder.unknown.push(join(at, name));
    else decoded.set(name, decodeField(field, given, join(at, name), { ...inside, path }));
  }
  const result: JsonRecord = {};
  for (const [name, field] of type.fields ?? []) {
    const member = decoded.has(name) ? decoded.get(name) : absentValue(field);
    if (member !== undefined) result[name] = member;
  }
  return result;
}

function absentValue(field: StructuralField): unknown {
  if (field.isAlwaysWritten !== true) return undefined;
  return field.isPointer === true ? null : zeroValue(field.type);
}

/** @returns undefined when the field is left out */
function decodeField(field: StructuralField, value: unknown, at: string, decoder: Decoder): unknown {
  if (value === null) return absentValue(field);
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
  const isMicro = type.kind === "microTime";
  const layout = isMicro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
  const shown = JSON.stringify(value);
  if (parts !== null && isMicro && parts[2]?.length !== 7) {
    const rest = JSON.stringify(`${parts[2] ?? ""}${parts[3] ?? ""}`);
    throw new TypeMismatch(`parsing time ${shown} as ${JSON.stringify(layout)}: cannot parse ${rest} as ".000000"`);
  }
  if (parts === null || Number.isNaN(ms)) {
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
  const message = `json: cannot unmarshal ${shown} into Go struct field ${field} of type ${goTypeOf(type)}`;
  return new TypeMismatch(message, restoringText(type, value));
}

function restoringText(type: StructuralType, value: unknown): string {
  switch (type.kind) {
    case "object":
      return `cannot restore struct from: ${goKindOf(value)}`;
    case "map":
      return `cannot restore map from ${goKindOf(value)}`;
    case "list":
      return `cannot restore slice from ${goKindOf(value)}`;
    case "string":
      if (Number.isInteger(value)) return "cannot convert int64 to string";
      return "unrecognized type: string";
    default:
      return `unrecognized type: ${goTypeOf(type)}`;
  }
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "object" ? "map" : jsonTypeOf(value);
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
      if (type.kind === "intOrString") return "int32";
      return type.kind === "int64" || type.kind === "int32" ? type.kind : "string";
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
