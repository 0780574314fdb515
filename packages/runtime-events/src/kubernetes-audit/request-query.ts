import { Buffer } from "node:buffer";

/** What is read of the values of one name, characters: nobody is shown more of them. */
const maxValues = 65_536;
/** An honest dry run has a handful of parameters; an API server of Go drops all of them where there are more than 10,000. */
const maxDryRunQuery = 4096;
const maxDryRunParameters = 100;
const ampersand = "&";
const percent = 0x25;

/**
 * The parameters of a request that somebody asks for, read as an API server reads them: what it drops (a parameter with a semicolon or a malformed
 * escape) is not there either, and a question mark in the query is part of a name.
 *
 * The whole query is searched, however long it is and wherever a parameter stands in it; of the values of one name 64 KiB are kept.
 *
 * @param names - the parameters that are wanted, plainly.
 * @returns their values in the order of the query; a name that is not there has no entry.
 *
 * @see Go, `net/url` `parseQuery`
 * @internal
 */
export function readQuery(requestUri: string, names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const room = new Map<string, number>();
  const end = requestUri.length;
  let at = startOfQuery(requestUri);
  while (at < end) {
    const next = requestUri.indexOf(ampersand, at);
    const until = next < 0 ? end : next;
    const name = wantedName(requestUri, at, until, names);
    if (name !== undefined) {
      const left = room.get(name) ?? maxValues;
      const value = left > 0 ? valueOf(requestUri, at, until, left) : undefined;
      if (value !== undefined) {
        const values = found.get(name);
        if (values === undefined) found.set(name, [value]);
        else values.push(value);
        room.set(name, left - value.length - 1);
      }
    }
    at = until + 1;
  }
  return found;
}

/**
 * True when a request was a dry run without any doubt: the query is short, and every `dryRun` in it is `All`. A server ignores what it cannot read, so
 * with doubts the request had an effect.
 *
 * @internal
 */
export function isDryRun(requestUri: string): boolean {
  const query = requestUri.slice(startOfQuery(requestUri));
  if (query.length > maxDryRunQuery || query.includes(";")) return false;
  if (query.split(ampersand, maxDryRunParameters + 1).length > maxDryRunParameters) return false;
  const values = readQuery(requestUri, ["dryRun"]).get("dryRun") ?? [];
  return values.length > 0 && values.every((value) => value === "All");
}

/**
 * Text without its percent escapes; what is no UTF-8 becomes U+FFFD, and a malformed escape stays as it is.
 *
 * @internal
 */
export function unescapePercent(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.from(text, "utf8");
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at]!; // at < length
    if (byte === percent) {
      const value = hexValue(bytes[at + 1]) * 16 + hexValue(bytes[at + 2]);
      if (value >= 0) {
        byte = value;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return bytes.toString("utf8", 0, length);
}

/** Below -300 for what is no digit, so that two of them never make a byte. */
function hexValue(code: number | undefined): number {
  if (code === undefined) return -400;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -400;
}

function startOfQuery(requestUri: string): number {
  const at = requestUri.indexOf("?");
  return at < 0 ? requestUri.length : at + 1;
}

/** The name of the parameter from `at` to `until`, when it is wanted. */
function wantedName(uri: string, at: number, until: number, names: readonly string[]): string | undefined {
  for (const name of names) {
    if (uri.startsWith(name, at)) {
      const behind = at + name.length;
      if (behind === until || (behind < until && uri[behind] === "=")) return name;
    }
  }
  // Escaped it has at most three characters for each of its own; the longest that is asked for has nine.
  const head = uri.slice(at, Math.min(until, at + 64));
  if (!head.includes("%")) return undefined;
  const equals = head.indexOf("=");
  const name = unescapeParameter(equals < 0 ? head : head.slice(0, equals));
  return name !== undefined && names.includes(name) ? name : undefined;
}

function valueOf(uri: string, at: number, until: number, room: number): string | undefined {
  const equals = uri.indexOf("=", at);
  const from = equals < 0 || equals >= until ? until : equals + 1;
  // An escape is not cut in two.
  const raw = uri.slice(from, Math.min(until, from + 3 * room));
  return unescapeParameter(raw.length < until - from ? raw.replace(/%.?$/, "") : raw)?.slice(0, room);
}

/** Undefined for what an API server drops. */
function unescapeParameter(text: string): string | undefined {
  if (text.includes(";") || /%(?![\dA-Fa-f]{2})/.test(text)) return undefined;
  return unescapePercent(text.replaceAll("+", " "));
}
