import { isSecretName, redact } from "./redact.ts";

/** Bounds of one log line, so that no value from outside can fill a disk or a terminal. */
export const lineLimits = {
  /** Characters of the message. */
  maxMessage: 8192,
  /** Characters of one string value. */
  maxString: 2048,
  /** Characters of all fields together, about. */
  maxFields: 8192,
  /** Entries of one object or list. */
  maxEntries: 50,
  /** Objects inside objects. */
  maxDepth: 4,
} as const;

/** How much may still be written. */
export interface Budget {
  left: number;
}

/**
 * JSON text of any value: bounded, redacted, one line, safe against cycles, throwing getters, big integers and huge values.
 *
 * Errors become `{message, code, cause}` without stack: messages name the thing, and stacks multiply the volume of a bad day.
 *
 * @internal
 */
export function fieldText(name: string, value: unknown, budget: Budget, depth = 0): string {
  const text =
    isSecretName(name) && value !== undefined && value !== "" ? '"[redacted]"' : valueText(value, budget, depth);
  budget.left -= text.length + name.length;
  return text;
}

/**
 * JSON string of `text` on one line of printable characters: control characters, line separators and bidirectional
 * overrides are escaped, the length is bounded, secrets are redacted.
 *
 * @internal
 */
export function quoted(text: string, maxLength: number): string {
  return `"${escaped(text, maxLength, true)}"`;
}

/**
 * The same without quotes, for messages on a console: quotes and backslashes stay as they are.
 *
 * @internal
 */
export function escaped(text: string, maxLength: number, isJson: boolean): string {
  // Cut twice: before the scan so that cost is bounded, and after it because a secret may reach over the cut.
  const head = text.length > maxLength ? text.slice(0, maxLength) : text;
  const safe = redact(head);
  const flat = (isJson ? needsJsonEscape : needsEscape).test(safe)
    ? safe.replace(
        isJson
          ? /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu
          : /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu,
        escapeCode,
      )
    : safe;
  return text.length > maxLength ? `${flat}...(+${text.length - maxLength})` : flat;
}

const needsEscape = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;
const needsJsonEscape =
  /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;

function escapeCode(character: string): string {
  switch (character) {
    case '"':
      return '\\"';
    case "\\":
      return "\\\\";
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}

function valueText(value: unknown, budget: Budget, depth: number): string {
  switch (typeof value) {
    case "string":
      return quoted(value, Math.min(lineLimits.maxString, Math.max(budget.left, 0)));
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return String(value);
    case "bigint":
      return `"${value.toString().slice(0, 64)}"`;
    case "undefined":
      return "null";
    case "function":
    case "symbol":
      return '"[not data]"';
    default:
      return value === null ? "null" : objectText(value as object, budget, depth);
  }
}

function objectText(value: object, budget: Budget, depth: number): string {
  if (depth >= lineLimits.maxDepth || budget.left <= 0) return '"[...]"';
  try {
    if (value instanceof Error) return errorText(value, budget, depth);
    if (value instanceof Date) return quoted(Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString(), 40);
    if (ArrayBuffer.isView(value)) return `"[${value.byteLength} bytes]"`;
    if (Array.isArray(value)) return listText(value, budget, depth);
    if (value instanceof Map || value instanceof Set) return `"[${value.size} entries]"`;
    return recordText(value as Readonly<Record<string, unknown>>, budget, depth);
  } catch {
    // A getter or proxy of the caller threw; the line matters more than this value.
    return '"[unreadable]"';
  }
}

function listText(list: readonly unknown[], budget: Budget, depth: number): string {
  const parts: string[] = [];
  for (let index = 0; index < list.length; index++) {
    if (index >= lineLimits.maxEntries || budget.left <= 0) {
      parts.push(`"...(+${list.length - index})"`);
      break;
    }
    parts.push(fieldText("", list[index], budget, depth + 1));
  }
  return `[${parts.join(",")}]`;
}

function recordText(record: Readonly<Record<string, unknown>>, budget: Budget, depth: number): string {
  const parts: string[] = [];
  for (const name in record) {
    if (!Object.hasOwn(record, name)) continue;
    if (parts.length >= lineLimits.maxEntries || budget.left <= 0) {
      parts.push('"...":true');
      break;
    }
    parts.push(`${quoted(name, 128)}:${fieldText(name, record[name], budget, depth + 1)}`);
  }
  return `{${parts.join(",")}}`;
}

function errorText(error: Error, budget: Budget, depth: number): string {
  const { code, cause } = error as Error & { readonly code?: unknown };
  let text = `{"message":${quoted(error.message, lineLimits.maxString)}`;
  if (error.name !== "Error" && error.name !== "KingletError") text += `,"name":${quoted(error.name, 128)}`;
  if (typeof code === "string" || typeof code === "number") text += `,"code":${quoted(String(code), 128)}`;
  if (cause !== undefined) text += `,"cause":${fieldText("cause", cause, budget, depth + 1)}`;
  return `${text}}`;
}
