import type { FieldRow, FieldTable } from "@kinglet/kube-schema/field-table";
import { MAX_DEPTH, tooDeep } from "../requests/nesting.ts";
import { setMember, type JsonRecord } from "../resources/kube-object.ts";
import { decodeSpecial } from "./special-decoder.ts";
import { WireReader } from "./wire-reader.ts";

/** What an envelope holds. */
export interface DecodedEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object as JSON would have brought it, with `apiVersion` and `kind`; undefined for a kind without a message. */
  readonly object: JsonRecord | undefined;
}

/** Reads request bodies in `application/vnd.kubernetes.protobuf`, as kubectl 1.32 and newer sends them. */
export class ProtobufDecoder {
  readonly #table: FieldTable;
  readonly #rows = new Map<string, ReadonlyMap<number, FieldRow>>();
  #depth = 0;

  constructor(table: FieldTable) {
    this.#table = table;
  }

  /**
   * @param fallback - what the object is when the envelope does not say.
   * @returns undefined when the bytes are no envelope.
   */
  decode(bytes: Buffer, fallback: { readonly apiVersion: string; readonly kind: string }): DecodedEnvelope | undefined {
    if (bytes.length < 4 || bytes.toString("latin1", 0, 4) !== "k8s\0") return undefined;
    const reader = new WireReader(bytes.subarray(4));
    let { apiVersion, kind } = fallback;
    let raw: Buffer = Buffer.alloc(0);
    while (!reader.isAtEnd) {
      const tag = reader.varint();
      if (tag === 10) {
        const identity = readTexts(reader.block());
        apiVersion = identity.get(1) ?? apiVersion;
        kind = identity.get(2) ?? kind;
      } else if (tag === 18) raw = reader.block();
      else if (!reader.skip(tag & 7)) return undefined;
    }
    const message = this.#table.messageOf(apiVersion, kind);
    if (message === undefined) return { apiVersion, kind, object: undefined };
    return { apiVersion, kind, object: { kind, apiVersion, ...(this.readMessage(raw, message) as JsonRecord) } };
  }

  /**
   * A message as JSON shows it.
   *
   * @throws ApiRefusal 400 for messages that lie too deep in each other
   */
  readMessage(bytes: Buffer, message: string): unknown {
    if (this.#depth >= MAX_DEPTH) throw tooDeep();
    this.#depth++;
    try {
      return this.#readMessage(bytes, message);
    } finally {
      this.#depth--;
    }
  }

  #readMessage(bytes: Buffer, message: string): unknown {
    const special = this.#table.special(message);
    if (special !== undefined) {
      const schema = `${message.slice(0, message.lastIndexOf("."))}.JSONSchemaProps`;
      return decodeSpecial(
        bytes,
        special,
        (inner) => this.readMessage(inner, schema),
        (inner) => this.decode(inner, { apiVersion: "", kind: "" })?.object,
      );
    }
    const result: JsonRecord = {};
    this.#readInto(result, bytes, message);
    return result;
  }

  #readInto(result: JsonRecord, bytes: Buffer, message: string): void {
    const rows = this.#rowsOf(message);
    const reader = new WireReader(bytes);
    while (!reader.isAtEnd) {
      const tag = reader.varint();
      const row = rows.get(Math.floor(tag / 8));
      if (row === undefined) {
        if (!reader.skip(tag & 7)) return;
        continue;
      }
      this.#readField(result, reader, row);
    }
  }

  #readField(result: JsonRecord, reader: WireReader, row: FieldRow): void {
    if (row.isInline) {
      this.#readInto(result, reader.block(), row.message ?? "");
    } else if (row.isMap) {
      const map = (result[row.name] ??= {}) as JsonRecord;
      const entry = new WireReader(reader.block());
      let key = "";
      let value: unknown = zeroOf(row);
      while (!entry.isAtEnd) {
        const tag = entry.varint();
        if (tag === 10) key = entry.block().toString();
        else value = this.#readValue(entry, row);
      }
      setMember(map, key, value);
    } else if (row.isRepeated) {
      ((result[row.name] ??= []) as unknown[]).push(this.#readValue(reader, row));
    } else {
      const value = this.#readValue(reader, row);
      const isEmpty = value === "" || value === 0 || value === false || value === null;
      if (row.isPointer || !row.omitsEmpty || !isEmpty) result[row.name] = value;
    }
  }

  #readValue(reader: WireReader, row: FieldRow): unknown {
    switch (row.type) {
      case "message":
        return this.readMessage(reader.block(), row.message ?? "");
      case "string":
        return reader.block().toString();
      case "bytes":
        return reader.block().toString("base64");
      case "bool":
        return reader.varint() !== 0;
      case "double":
        return reader.double();
      default:
        return reader.signed();
    }
  }

  #rowsOf(message: string): ReadonlyMap<number, FieldRow> {
    let rows = this.#rows.get(message);
    if (rows === undefined) {
      rows = new Map((this.#table.rows(message) ?? []).map((row) => [row.number, row]));
      this.#rows.set(message, rows);
    }
    return rows;
  }
}

function zeroOf(row: FieldRow): unknown {
  if (row.type === "string" || row.type === "bytes") return "";
  return row.type === "message" ? {} : row.type === "bool" ? false : 0;
}

function readTexts(bytes: Buffer): Map<number, string> {
  const texts = new Map<number, string>();
  const reader = new WireReader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if ((tag & 7) !== 2) break;
    texts.set(tag >> 3, reader.block().toString());
  }
  return texts;
}
