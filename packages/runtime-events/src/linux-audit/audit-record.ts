/**
 * One line of auditd's log, taken apart as far as joining needs it.
 *
 * @internal
 */
export interface AuditRecord {
  /** Name of the record's kind, e.g. `SYSCALL`; a kind without a name is `UNKNOWN[1337]`. */
  readonly type: string;
  /** As `name_format` of auditd adds it; empty when absent. */
  readonly nodeName: string;
  /** `SECONDS.MILLISECONDS:SERIAL`, the same in all records of one event. */
  readonly stamp: string;
  /** When the event happened, milliseconds since 1970. */
  readonly timeMs: number;
  /** The kernel counts its events with it, 0 ... 4294967295, from 1 at boot; auditd's own records have a count of their own. */
  readonly serial: number;
  /** The kernel's part: ` name=value name=value`, each with the space in front of it. */
  readonly fields: string;
  /** auditd's part of the enriched format: ` NAME=value`; empty in the raw one. */
  readonly enrichment: string;
}

/** What auditd puts between the kernel's part and its own. */
const enrichmentMark = "\u001d";

/**
 * Takes a line apart.
 *
 * @param line - one byte per character (latin1): everything beyond ASCII is in hexadecimal anyway.
 * @returns undefined when it is no audit record.
 * @internal
 */
export function tryParseAuditRecord(line: string): AuditRecord | undefined {
  let nodeName = "";
  let at = 0;
  if (line.startsWith("node=")) {
    at = line.indexOf(" ") + 1;
    if (at === 0) return undefined;
    nodeName = line.slice(5, at - 1);
  }
  if (!line.startsWith("type=", at)) return undefined;
  const typeEnd = line.indexOf(" ", at);
  if (typeEnd < 0 || !line.startsWith(" msg=audit(", typeEnd)) return undefined;
  const stampStart = typeEnd + 11;
  const stampEnd = line.indexOf("):", stampStart);
  if (stampEnd < 0 || stampEnd - stampStart > 40) return undefined;
  const stamp = line.slice(stampStart, stampEnd);
  const colon = stamp.indexOf(":");
  const timeMs = Math.round(Number(stamp.slice(0, colon)) * 1000);
  const serial = Number(stamp.slice(colon + 1));
  // Times beyond the range of dates would be errors later on.
  if (colon < 1 || !(timeMs >= 0 && timeMs <= 8.64e15) || !(serial >= 0 && serial <= 0xff_ff_ff_ff)) return undefined;
  const type = line.slice(at + 5, typeEnd);
  const mark = line.indexOf(enrichmentMark, stampEnd);
  const fieldsEnd = mark < 0 ? line.length : mark;
  const enrichment = mark < 0 ? "" : ` ${line.slice(mark + 1)}`;
  return { type, nodeName, stamp, timeMs, serial, fields: line.slice(stampEnd + 2, fieldsEnd), enrichment };
}

/**
 * The value of a field as written.
 *
 * Exact although it only searches: the kernel writes values that others choose in hexadecimal as soon as they hold a space or a quote, so
 * none of them can contain ` name=`.
 *
 * @param text - fields with a space in front of each.
 * @returns empty when there is no such field.
 * @internal
 */
export function auditField(text: string, name: string): string {
  const key = ` ${name}=`;
  const at = text.indexOf(key);
  if (at < 0) return "";
  const start = at + key.length;
  const end = text.indexOf(" ", start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}

/** A decimal field. @returns `absent` when it is missing or not a whole number. @internal */
export function auditNumber(text: string, name: string, absent = -1): number {
  const value = auditField(text, name);
  return /^-?\d{1,15}$/.test(value) ? Number(value) : absent;
}

/** The lower 32 bits of a register in hexadecimal, 0 ... 2^32 - 1. @returns `absent` when it is missing. @internal */
export function auditLowHalf(text: string, name: string, absent = -1): number {
  const value = auditField(text, name);
  return /^[\da-f]{1,16}$/i.test(value) ? Number.parseInt(value.slice(-8), 16) : absent;
}

/** A field in hexadecimal without prefix, as registers are. @returns `absent` when it is missing or beyond 2^53. @internal */
export function auditHexNumber(text: string, name: string, absent = -1): number {
  const value = auditField(text, name);
  return /^[\da-f]{1,13}$/i.test(value) ? Number.parseInt(value, 16) : absent;
}
