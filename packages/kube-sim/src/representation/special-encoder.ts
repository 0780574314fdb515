import type { SpecialMessage } from "@kinglet/kube-schema/field-table";
import { isJsonRecord } from "../resources/kube-object.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Nanoseconds of Go's duration units. */
const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000_000_000,
  m: 60_000_000_000,
  s: 1_000_000_000,
  ms: 1_000_000,
  us: 1000,
  ns: 1,
};

/**
 * Writes a message whose JSON is not an object of its fields.
 *
 * @param writeSchema - writes a JSON schema's fields; only the `schemaOr…` messages need it.
 */
export function encodeSpecial(
  writer: WireWriter,
  special: SpecialMessage,
  value: unknown,
  writeSchema: (schema: unknown) => void,
): void {
  const closeSchema = (schema: unknown): void => {
    if (!isJsonRecord(schema)) return;
    const end = writer.size;
    writeSchema(schema);
    writer.closeMessage(1, end);
  };
  switch (special) {
    case "time":
    case "microTime":
      writeTime(writer, value, special === "microTime");
      return;
    case "quantity":
      writer.text(typeof value === "string" ? value : typeof value === "number" ? String(value) : "0");
      writer.tag(1, 2);
      return;
    case "intOrString":
      writer.text(typeof value === "string" ? value : "");
      writer.tag(3, 2);
      writer.varint(typeof value === "number" ? value : 0);
      writer.tag(2, 0);
      writer.varint(typeof value === "string" ? 1 : 0);
      writer.tag(1, 0);
      return;
    case "duration":
      writer.varint(parseDuration(typeof value === "string" ? value : ""));
      writer.tag(1, 0);
      return;
    case "rawJson":
    case "fieldsV1": {
      if (value === undefined || value === null) return;
      const bytes = Buffer.from(JSON.stringify(value));
      writer.raw(bytes);
      writer.varint(bytes.length);
      writer.tag(1, 2);
      return;
    }
    case "stringList":
      writeTexts(writer, value, 1);
      return;
    case "schemaOrBool": {
      if (isJsonRecord(value)) {
        const end = writer.size;
        writeSchema(value);
        writer.closeMessage(2, end);
      }
      writer.varint(value === true || isJsonRecord(value) ? 1 : 0);
      writer.tag(1, 0);
      return;
    }
    case "schemaOrArray": {
      for (const schema of Array.isArray(value) ? value.toReversed() : []) {
        const end = writer.size;
        writeSchema(schema);
        writer.closeMessage(2, end);
      }
      closeSchema(value);
      return;
    }
    case "schemaOrStringArray":
      writeTexts(writer, value, 2);
      closeSchema(value);
      return;
  }
}

function writeTexts(writer: WireWriter, value: unknown, number: number): void {
  for (const text of Array.isArray(value) ? (value as unknown[]).toReversed() : []) {
    writer.text(typeof text === "string" ? text : "");
    writer.tag(number, 2);
  }
}

function writeTime(writer: WireWriter, value: unknown, isMicro: boolean): void {
  if (typeof value !== "string") return;
  const milliseconds = Date.parse(value);
  if (Number.isNaN(milliseconds)) return;
  const fraction = isMicro ? (/\.(\d{1,9})/.exec(value)?.[1] ?? "") : "";
  writer.varint(Number(fraction.padEnd(9, "0")));
  writer.tag(2, 0);
  writer.varint(Math.floor(milliseconds / 1000));
  writer.tag(1, 0);
}

function parseDuration(text: string): number {
  let nanoseconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(h|ms|m|us|ns|s)/g)) {
    nanoseconds += Number(amount) * (UNITS[unit ?? ""] ?? 0);
  }
  return Math.round(text.startsWith("-") ? -nanoseconds : nanoseconds);
}
