import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fieldTable, parseFieldTable, type FieldEntry, type TableEntry } from "@kinglet/runtime-events/tetragon-grpc";
import protobuf from "protobufjs";

/** An object of protojson. */
export type Json = Record<string, unknown>;

/** Numbers for members that no release has: the agent of a vendor, or of tomorrow. */
const foreignNumbers: ReadonlyMap<string, number> = new Map([
  ["process_connect", 13],
  ["process_close", 14],
  ["process_listen", 15],
]);
const firstForeignNumber = 16;

/**
 * Protobuf from and to protojson, by protobufjs from the generated proto file: the emulator's own way, which shares nothing but the field table with
 * the reader that it tests.
 */
export class EventCodec {
  readonly #root: protobuf.Root;
  readonly #table: ReadonlyMap<string, TableEntry>;
  readonly #types: Map<string, protobuf.Type> = new Map();

  constructor() {
    const text = readFileSync(join(import.meta.dirname, "../gen/tetragon.proto"), "utf8");
    const root = new protobuf.Root();
    for (const file of ["duration", "field_mask", "timestamp", "wrappers"]) {
      root.addJSON(protobuf.common.get(`google/protobuf/${file}.proto`)!.nested!);
    }
    protobuf.parse(text, root, { keepCase: true });
    root.resolveAll();
    this.#root = root;
    this.#table = parseFieldTable(fieldTable);
  }

  /** Encodes protojson with proto field names; unknown keys become unknown fields. */
  encode(message: string, json: Json): Uint8Array {
    const type = this.#type(message);
    const writer = type.encode(type.fromObject(this.#toObject(message, json)));
    if (message === "GetEventsResponse") {
      for (const key of Object.keys(json)) {
        if (!this.#fields(message).has(key)) {
          const text = Buffer.from(JSON.stringify(json[key]));
          writer.uint32(((foreignNumbers.get(key) ?? firstForeignNumber) << 3) | 2).bytes(text);
        }
      }
    }
    return writer.finish();
  }

  /** Decodes to plain objects: enums by name, 64-bit numbers as text. */
  decode(message: string, bytes: Uint8Array): Json {
    const type = this.#type(message);
    return type.toObject(type.decode(bytes), { enums: String, longs: String });
  }

  #type(name: string): protobuf.Type {
    let type = this.#types.get(name);
    if (type === undefined) {
      type = this.#root.lookupType(`tetragon.${name}`);
      this.#types.set(name, type);
    }
    return type;
  }

  #fields(message: string): ReadonlyMap<string, FieldEntry> {
    return new Map(this.#table.get(message)!.fields.map((field) => [field.name, field]));
  }

  #toObject(message: string, json: Json): Json {
    const object: Json = {};
    for (const field of this.#table.get(message)!.fields) {
      const value = json[field.name];
      if (value === undefined || value === null) continue;
      object[field.name] = field.isRepeated
        ? (value as unknown[]).map((one) => this.#toValue(field.type, one))
        : this.#toValue(field.type, value);
    }
    return object;
  }

  #toValue(type: string, value: unknown): unknown {
    switch (type) {
      case "UInt32Value":
      case "Int32Value":
      case "BoolValue":
        return { value };
      case "Timestamp":
        return timestampOf(String(value));
      default:
        return this.#table.get(type)?.kind === "message" ? this.#toObject(type, value as Json) : value;
    }
  }
}

/** RFC 3339 in UTC with up to nine digits behind the second. */
function timestampOf(text: string): { readonly seconds: number; readonly nanos: number } {
  const [, whole = "", fraction = ""] = /^([^.Z]+)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  return { seconds: Math.floor(Date.parse(`${whole}Z`) / 1000), nanos: Number(fraction.padEnd(9, "0")) };
}
