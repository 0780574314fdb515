import type { FieldRow, FieldTable } from "@kinglet/kube-schema/field-table";
import { isJsonRecord } from "../resources/kube-object.ts";
import { encodeSpecial } from "./special-encoder.ts";
import { WireWriter } from "./wire-writer.ts";

const MAGIC = Buffer.from("k8s\0", "latin1");

/**
 * Writes objects of built-in kinds as `application/vnd.kubernetes.protobuf`, byte for byte as the real server: every plain field
 * is written, also when it is zero; pointers, lists and maps only when there is something.
 */
export class ProtobufEncoder {
  readonly #table: FieldTable;
  /** Rows per message, highest field number first: the writer goes backwards. */
  readonly #rows = new Map<string, readonly FieldRow[]>();

  constructor(table: FieldTable) {
    this.#table = table;
  }

  /** True when the kind has a message; custom resources have none. */
  knows(apiVersion: string, kind: string): boolean {
    return this.#table.messageOf(apiVersion, kind) !== undefined;
  }

  /** The object in its envelope; of a kind without a message only the envelope: ask {@link knows} first. */
  encode(apiVersion: string, kind: string, object: object): Buffer {
    const writer = new WireWriter();
    this.#envelope(writer, apiVersion, kind, object);
    return Buffer.from(writer.bytes());
  }

  /** One event of a watch: length in four bytes, then `WatchEvent`. */
  encodeFrame(type: string, apiVersion: string, kind: string, object: object): Buffer {
    const writer = new WireWriter();
    this.#envelope(writer, apiVersion, kind, object);
    writer.closeMessage(1, 0);
    writer.closeMessage(2, 0);
    writer.text(type);
    writer.tag(1, 2);
    const frame = Buffer.allocUnsafe(writer.size + 4);
    frame.writeUInt32BE(writer.size);
    frame.set(writer.bytes(), 4);
    return frame;
  }

  #envelope(writer: WireWriter, apiVersion: string, kind: string, object: object): void {
    const message = this.#table.messageOf(apiVersion, kind);
    writer.text("");
    writer.tag(4, 2);
    writer.text("");
    writer.tag(3, 2);
    const end = writer.size;
    if (message !== undefined) this.writeMessage(writer, message, object);
    writer.closeMessage(2, end);
    const identity = writer.size;
    writer.text(kind);
    writer.tag(2, 2);
    writer.text(apiVersion);
    writer.tag(1, 2);
    writer.closeMessage(1, identity);
    writer.raw(MAGIC);
  }

  /** The fields of a message, without tag and length. */
  writeMessage(writer: WireWriter, message: string, value: unknown): void {
    const special = this.#table.special(message);
    if (special !== undefined) {
      encodeSpecial(writer, special, value, (schema) =>
        this.writeMessage(writer, `${message.slice(0, message.lastIndexOf("."))}.JSONSchemaProps`, schema),
      );
      return;
    }
    const record = isJsonRecord(value) ? value : {};
    for (const row of this.#rowsOf(message)) this.#writeField(writer, row, row.isInline ? record : record[row.name]);
  }

  #writeField(writer: WireWriter, row: FieldRow, value: unknown): void {
    if (row.isMap) {
      this.#writeMap(writer, row, value);
    } else if (row.isRepeated) {
      const list = Array.isArray(value) ? value : [];
      for (let index = list.length - 1; index >= 0; index--) this.#writeValue(writer, row, row.number, list[index]);
    } else if (value !== undefined && value !== null) {
      this.#writeValue(writer, row, row.number, value);
    } else if (!row.isPointer && row.type !== "bytes") {
      this.#writeValue(writer, row, row.number, undefined);
    }
  }

  #writeMap(writer: WireWriter, row: FieldRow, value: unknown): void {
    if (!isJsonRecord(value)) return;
    const keys = Object.keys(value);
    if (keys.length > 1) keys.sort(byBytesDescending);
    for (const key of keys) {
      const end = writer.size;
      this.#writeValue(writer, row, 2, value[key]);
      writer.text(key);
      writer.tag(1, 2);
      writer.closeMessage(row.number, end);
    }
  }

  #writeValue(writer: WireWriter, row: FieldRow, number: number, value: unknown): void {
    switch (row.type) {
      case "message": {
        const end = writer.size;
        this.writeMessage(writer, row.message ?? "", value);
        writer.closeMessage(number, end);
        return;
      }
      case "string":
        writer.text(typeof value === "string" ? value : "");
        writer.tag(number, 2);
        return;
      case "bytes": {
        const bytes = Buffer.from(typeof value === "string" ? value : "", "base64");
        writer.raw(bytes);
        writer.varint(bytes.length);
        writer.tag(number, 2);
        return;
      }
      case "bool":
        writer.varint(value === true ? 1 : 0);
        writer.tag(number, 0);
        return;
      case "double":
        writer.double(Number(value ?? 0));
        writer.tag(number, 1);
        return;
      default:
        writer.varint(Number(value ?? 0));
        writer.tag(number, 0);
    }
  }

  #rowsOf(message: string): readonly FieldRow[] {
    let rows = this.#rows.get(message);
    if (rows === undefined) {
      rows = [...(this.#table.rows(message) ?? [])].sort((a, b) => b.number - a.number);
      this.#rows.set(message, rows);
    }
    return rows;
  }
}

/** Go sorts keys by bytes. That is the order of code points, from which the order of JavaScript differs above U+D7FF only. */
function byBytesDescending(a: string, b: string): number {
  if (SURROGATES.test(a) || SURROGATES.test(b)) return Buffer.compare(Buffer.from(b), Buffer.from(a));
  return a < b ? 1 : -1;
}

const SURROGATES = /[\ud800-\uffff]/;
