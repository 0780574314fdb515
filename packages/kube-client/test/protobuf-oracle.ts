import { loadFieldTable, type FieldRow } from "@kinglet/kube-schema/field-table";
import protobuf from "protobufjs";

type Json = unknown;

const table = loadFieldTable();
const root = new protobuf.Root();
const types = new Map<string, protobuf.Type>();

/** A protobufjs type of a message of the field table; fields are called by their numbers. */
function typeOf(message: string): protobuf.Type {
  const known = types.get(message);
  if (known !== undefined) return known;
  const type = new protobuf.Type(`M${types.size}`);
  types.set(message, type);
  for (const row of table.rows(message) ?? []) {
    const value = row.message === undefined ? row.type : typeOf(row.message).name;
    const name = `f${row.number}`;
    if (row.isMap) type.add(new protobuf.MapField(name, row.number, "string", value));
    else
      type.add(
        new protobuf.Field(name, row.number, value, row.isRepeated ? "repeated" : "optional", undefined, {
          packed: false,
        }),
      );
  }
  root.add(type);
  return type;
}

/** Encodes the JSON of an object with protobufjs, in the envelope of Kubernetes. */
export function encodeObject(object: Record<string, Json>): Buffer {
  const apiVersion = object["apiVersion"] as string;
  const kind = object["kind"] as string;
  return envelope(apiVersion, kind, encodeMessage(table.messageOf(apiVersion, kind)!, object));
}

/** Encodes the JSON of any message. */
export function encodeMessage(message: string, json: Json): Buffer {
  return Buffer.from(
    typeOf(message)
      .encode(fieldsOf(message, json as Record<string, Json>))
      .finish(),
  );
}

/** `k8s\0` and a runtime.Unknown around an encoded object. */
export function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const unknown = "k8s.io.apimachinery.pkg.runtime.Unknown";
  const typeMeta = typeOf("k8s.io.apimachinery.pkg.runtime.TypeMeta");
  const bytes = typeOf(unknown)
    .encode({ f1: typeMeta.create({ f1: apiVersion, f2: kind }), f2: raw, f3: "", f4: "" })
    .finish();
  return Buffer.concat([Buffer.from("k8s\0"), bytes]);
}

/** A frame of a watch. */
export function encodeWatchEvent(type: string, object: Record<string, Json>): Buffer {
  const raw = typeOf("k8s.io.apimachinery.pkg.runtime.RawExtension").create({ f1: encodeObject(object) });
  const event = typeOf("k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent").encode({ f1: type, f2: raw }).finish();
  const head = Buffer.alloc(4);
  head.writeUInt32BE(event.length);
  return Buffer.concat([head, event]);
}

function fieldsOf(message: string, json: Record<string, Json>): Record<string, unknown> {
  const special = table.special(message);
  if (special !== undefined) return specialFields(special, message, json);
  const fields: Record<string, unknown> = {};
  for (const row of table.rows(message) ?? []) {
    if (row.isInline) {
      fields[`f${row.number}`] = fieldsOf(row.message!, json);
      continue;
    }
    const value = json[row.name];
    if (value === undefined || value === null) continue;
    fields[`f${row.number}`] = row.isRepeated
      ? (value as Json[]).map((element) => fieldOf(row, element))
      : row.isMap
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fieldOf(row, entry)]))
        : fieldOf(row, value);
  }
  return fields;
}

function fieldOf(row: FieldRow, value: Json): unknown {
  if (row.message !== undefined) return fieldsOf(row.message, value as Record<string, Json>);
  if (row.type === "bytes") return Buffer.from(value as string, "base64");
  return row.type === "int64" || row.type === "uint64" ? long(value as number) : value;
}

function specialFields(special: string, message: string, json: Json): Record<string, unknown> {
  switch (special) {
    case "time":
      return json === null ? {} : { f1: long(Date.parse(json as string) / 1000), f2: 0 };
    case "microTime": {
      if (json === null) return {};
      const text = json as string;
      return { f1: long(Date.parse(`${text.slice(0, 19)}Z`) / 1000), f2: Number(text.slice(20, 26)) * 1000 };
    }
    case "quantity":
      return { f1: json };
    case "intOrString":
      return typeof json === "number" ? { f1: long(0), f2: json, f3: "" } : { f1: long(1), f2: 0, f3: json };
    case "stringList":
      return { f1: json };
    case "duration":
      return { f1: long(Number((json as string).slice(0, -1)) * 1e9) };
    case "schemaOrBool":
      return typeof json === "boolean"
        ? { f1: json }
        : { f1: true, f2: fieldsOf(schemaOf(message), json as Record<string, Json>) };
    case "schemaOrArray":
      return Array.isArray(json)
        ? { f2: json.map((one: Record<string, Json>) => fieldsOf(schemaOf(message), one)) }
        : { f1: fieldsOf(schemaOf(message), json as Record<string, Json>) };
    case "schemaOrStringArray":
      return Array.isArray(json) ? { f2: json } : { f1: fieldsOf(schemaOf(message), json as Record<string, Json>) };
    default:
      return json === null ? {} : { f1: Buffer.from(JSON.stringify(json)) };
  }
}

function schemaOf(message: string): string {
  return message.slice(0, message.lastIndexOf(".")) + ".JSONSchemaProps";
}

function long(value: number): { low: number; high: number; unsigned: boolean } {
  const bits = BigInt.asUintN(64, BigInt(value));
  return { low: Number(BigInt.asIntN(32, bits)), high: Number(BigInt.asIntN(32, bits >> 32n)), unsigned: false };
}
