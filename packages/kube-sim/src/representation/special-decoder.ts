import type { SpecialMessage } from "@kinglet/kube-schema/field-table";
import { WireReader } from "./wire-reader.ts";

/**
 * Reads a message whose JSON is not an object of its fields.
 *
 * @param readSchema - reads a JSON schema's fields.
 * @param readEnvelope - reads an object in its envelope, which a raw extension may hold instead of JSON.
 */
export function decodeSpecial(
  bytes: Buffer,
  special: SpecialMessage,
  readSchema: (bytes: Buffer) => unknown,
  readEnvelope: (bytes: Buffer) => unknown,
): unknown {
  const fields = readFields(bytes);
  const number = (field: number): number => Number(fields.get(field)?.[0] ?? 0);
  const blocks = (field: number): Buffer[] => (fields.get(field) ?? []) as Buffer[];
  switch (special) {
    case "time":
    case "microTime":
      return bytes.length === 0 ? null : formatTime(number(1), number(2), special === "microTime");
    case "quantity":
      return blocks(1)[0]?.toString() ?? "0";
    case "intOrString":
      return number(1) === 1 ? (blocks(3)[0]?.toString() ?? "") : number(2);
    case "duration":
      return formatDuration(number(1));
    case "rawJson":
    case "fieldsV1": {
      const raw = blocks(1)[0];
      if (raw === undefined || raw.length === 0) return null;
      return raw.toString("latin1", 0, 4) === "k8s\0" ? readEnvelope(raw) : (JSON.parse(raw.toString()) as unknown);
    }
    case "stringList":
      return blocks(1).map(String);
    case "schemaOrBool":
      return fields.has(2) ? readSchema(blocks(2)[0] ?? bytes) : number(1) === 1;
    case "schemaOrArray":
      return fields.has(2) ? blocks(2).map(readSchema) : fields.has(1) ? readSchema(blocks(1)[0] ?? bytes) : null;
    default:
      return fields.has(2) ? blocks(2).map(String) : fields.has(1) ? readSchema(blocks(1)[0] ?? bytes) : null;
  }
}

function readFields(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>();
  const reader = new WireReader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const list = fields.get(tag >> 3) ?? [];
    fields.set(tag >> 3, list);
    if ((tag & 7) === 0) list.push(reader.signed());
    else if ((tag & 7) === 2) list.push(reader.block());
    else if (!reader.skip(tag & 7)) break;
  }
  return fields;
}

function formatTime(seconds: number, nanoseconds: number, isMicro: boolean): string {
  const head = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (!isMicro) return `${head}Z`;
  return `${head}.${String(Math.floor(nanoseconds / 1000)).padStart(6, "0")}Z`;
}

/** Go's notation: `1h2m3.5s`; zero is `0s`. */
function formatDuration(nanoseconds: number): string {
  const total = Math.abs(nanoseconds);
  if (total < 1_000_000_000) {
    if (total === 0) return "0s";
    return total < 1_000_000 ? `${nanoseconds / 1000}µs` : `${nanoseconds / 1_000_000}ms`;
  }
  const hours = Math.floor(total / 3_600_000_000_000);
  const minutes = Math.floor(total / 60_000_000_000) % 60;
  const seconds = (total % 60_000_000_000) / 1_000_000_000;
  const head = `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}`;
  return `${nanoseconds < 0 ? "-" : ""}${head}${seconds}s`;
}
