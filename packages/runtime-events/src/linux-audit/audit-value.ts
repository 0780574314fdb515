import { Buffer } from "node:buffer";

/**
 * Decodes a value that somebody else chose: a command name, a path, an argument.
 *
 * The kernel writes it in quotes, or, when it has a space, a quote, a control character or anything beyond ASCII, as hexadecimal digits.
 *
 * @returns a string of its own, which keeps no line alive; bytes that are not UTF-8 become U+FFFD; empty for `(null)` and `?`.
 * @internal
 */
export function decodeAuditValue(text: string): string {
  if (text === "" || text === "(null)" || text === "?" || text === "(none)") return "";
  return decodeAuditBytes(text).toString("utf8");
}

/** As {@link decodeAuditValue}, without a character set: for values that come in pieces. @internal */
export function decodeAuditBytes(text: string): Buffer {
  if (text.startsWith('"')) {
    return Buffer.from(text.slice(1, text.length > 1 && text.endsWith('"') ? -1 : undefined), "latin1");
  }
  return isHex(text) ? Buffer.from(text, "hex") : Buffer.from(text, "latin1");
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[\dA-Fa-f]+$/.test(text);
}
