/** Everything that JSON writes in another way than it stands, and what is longer in UTF-8 than two characters of a pair say. */
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * How many bytes `JSON.stringify` makes of a value of lists, records, texts, numbers, truth values and nulls; members that are undefined are
 * left out, as there.
 *
 * Cost: one pass and no memory, but for texts that need escapes: what is too large must not be written out to know it.
 *
 * @internal
 */
export function jsonBytes(value: unknown): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return String(value).length;
  if (Array.isArray(value)) {
    let bytes = 2 + Math.max(0, value.length - 1);
    for (const item of value as readonly unknown[]) bytes += item === undefined ? 4 : jsonBytes(item);
    return bytes;
  }
  let bytes = 1;
  for (const name in value) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member !== undefined) bytes += textBytes(name) + jsonBytes(member) + 2;
  }
  return Math.max(2, bytes);
}

function textBytes(text: string): number {
  return NEEDS_ESCAPE.test(text) ? Buffer.byteLength(JSON.stringify(text)) : Buffer.byteLength(text) + 2;
}
