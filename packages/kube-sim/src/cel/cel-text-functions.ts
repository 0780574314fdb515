import { hasFormat } from "../custom-resources/schema/string-formats.ts";
import { celText, sizeOfValue } from "./cel-core-functions.ts";
import { patternCost, traversalCost, type OverloadDefinition } from "./cel-overload.ts";
import { CelFault, CelOpaque, CelOptional, CelUint } from "./cel-values.ts";

/** The extension for texts, the one for patterns, and the formats of names. */
export function textFunctions(): readonly OverloadDefinition[] {
  return [...positions(), ...changes(), ...patterns(), ...formats()];
}

function positions(): OverloadDefinition[] {
  return [
    {
      signature: "string.charAt(int): string",
      call: ([text, at]) => {
        const points = Array.from(String(text));
        const index = Number(at);
        if (index < 0 || index > points.length) throw new CelFault(`index out of range: ${index}`);
        return points[index] ?? "";
      },
      cost: traversalCost,
    },
    { signature: "string.indexOf(string): int", call: ([text, part]) => indexIn(text, part, 0n), cost: traversalCost },
    {
      signature: "string.indexOf(string, int): int",
      call: ([text, part, from]) => indexIn(text, part, from),
      cost: traversalCost,
    },
    {
      signature: "string.lastIndexOf(string): int",
      call: ([text, part]) => lastIndexIn(text, part, undefined),
      cost: traversalCost,
    },
    {
      signature: "string.lastIndexOf(string, int): int",
      call: ([text, part, from]) => lastIndexIn(text, part, from),
      cost: traversalCost,
    },
    {
      signature: "string.substring(int): string",
      call: ([text, from]) => cut(text, from, undefined),
      cost: traversalCost,
      resultSize: first,
    },
    {
      signature: "string.substring(int, int): string",
      call: ([text, from, to]) => cut(text, from, to),
      cost: traversalCost,
      resultSize: first,
    },
  ];
}

function changes(): OverloadDefinition[] {
  const ascii =
    (change: (letter: string) => string) =>
    (text: unknown): string =>
      String(text).replace(/[A-Za-z]/g, change);
  const lower = ascii((letter) => letter.toLowerCase());
  const upper = ascii((letter) => letter.toUpperCase());
  return [
    { signature: "string.lowerAscii(): string", call: ([text]) => lower(text), cost: traversalCost, resultSize: first },
    { signature: "string.upperAscii(): string", call: ([text]) => upper(text), cost: traversalCost, resultSize: first },
    {
      signature: "string.trim(): string",
      call: ([text]) => String(text).trim(),
      cost: traversalCost,
      resultSize: first,
    },
    {
      signature: "string.reverse(): string",
      call: ([text]) => Array.from(String(text)).reverse().join(""),
      cost: traversalCost,
      resultSize: first,
    },
    {
      signature: "string.replace(string, string): string",
      call: ([text, from, to]) => replace(text, from, to, -1n),
      cost: traversalCost,
    },
    {
      signature: "string.replace(string, string, int): string",
      call: ([text, from, to, limit]) => replace(text, from, to, limit),
      cost: traversalCost,
    },
    {
      signature: "string.split(string): list(string)",
      call: ([text, by]) => split(text, by, -1n),
      cost: traversalCost,
      resultSize: first,
    },
    {
      signature: "string.split(string, int): list(string)",
      call: ([text, by, limit]) => split(text, by, limit),
      cost: traversalCost,
      resultSize: first,
    },
    { signature: "list(string).join(): string", call: ([list]) => (list as string[]).join(""), cost: traversalCost },
    {
      signature: "list(string).join(string): string",
      call: ([list, by]) => (list as string[]).join(String(by)),
      cost: traversalCost,
    },
    {
      signature: "string.format(list(dyn)): string",
      call: ([text, values]) => format(String(text), values as unknown[]),
      cost: traversalCost,
    },
    { signature: "@strings.quote(string): string", call: ([text]) => JSON.stringify(text), cost: traversalCost },
  ];
}

function patterns(): OverloadDefinition[] {
  return [
    {
      signature: "string.find(string): string",
      call: ([text, pattern], { findAll }) => findAll(String(text), String(pattern), 1)[0] ?? "",
      cost: patternCost,
      resultSize: first,
    },
    {
      signature: "string.findAll(string): list(string)",
      call: ([text, pattern], { findAll }) => findAll(String(text), String(pattern), -1),
      cost: patternCost,
      resultSize: first,
    },
    {
      signature: "string.findAll(string, int): list(string)",
      call: ([text, pattern, limit], { findAll }) => findAll(String(text), String(pattern), Number(limit)),
      cost: patternCost,
      resultSize: first,
    },
  ];
}

const NAME_FORMATS: Readonly<Record<string, (text: string) => string | undefined>> = {
  dns1123Label: (text) => named(text, 63, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "a lowercase RFC 1123 label"),
  dns1123Subdomain: (text) =>
    named(
      text,
      253,
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      "a lowercase RFC 1123 subdomain",
    ),
  dns1035Label: (text) => named(text, 63, /^[a-z]([-a-z0-9]*[a-z0-9])?$/, "a DNS-1035 label"),
  qualifiedName: (text) =>
    named(
      text,
      317,
      /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/,
      "a qualified name",
    ),
  labelValue: (text) => named(text, 63, /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/, "a valid label"),
  dns1123LabelPrefix: (text) => named(text, 63, /^[a-z0-9][-a-z0-9]*$/, "a prefix of a lowercase RFC 1123 label"),
  dns1123SubdomainPrefix: (text) =>
    named(text, 253, /^[a-z0-9][-.a-z0-9]*$/, "a prefix of a lowercase RFC 1123 subdomain"),
  dns1035LabelPrefix: (text) => named(text, 63, /^[a-z][-a-z0-9]*$/, "a prefix of a DNS-1035 label"),
  uri: (text) => (hasFormat("uri", text) ? undefined : "invalid URI"),
  uuid: (text) => (hasFormat("uuid", text) ? undefined : "does not match the UUID format"),
  byte: (text) => (hasFormat("byte", text) ? undefined : "invalid base64"),
  date: (text) => (hasFormat("date", text) ? undefined : "invalid date"),
  datetime: (text) => (hasFormat("datetime", text) ? undefined : "invalid datetime"),
};

function formats(): OverloadDefinition[] {
  return [
    ...Object.keys(NAME_FORMATS).map((name) => ({
      signature: `@format.${name}(): Format`,
      call: () => new CelOpaque("Format", name),
    })),
    {
      signature: "@format.named(string): optional(Format)",
      call: ([name]) =>
        Object.hasOwn(NAME_FORMATS, String(name))
          ? new CelOptional(true, new CelOpaque("Format", name))
          : new CelOptional(false),
    },
    {
      signature: "Format.validate(string): optional(list(string))",
      call: ([format, text]) => {
        const problem = NAME_FORMATS[String((format as CelOpaque).content)]?.(String(text));
        return problem === undefined ? new CelOptional(false) : new CelOptional(true, [problem]);
      },
      cost: ([, size = 0]) => Math.ceil(size * 0.1),
    },
  ];
}

function named(text: string, maxLength: number, pattern: RegExp, what: string): string | undefined {
  if (text.length > maxLength) return `must be no more than ${maxLength} characters`;
  return pattern.test(text) ? undefined : `must be ${what}`;
}

function first(sizes: readonly number[]): number {
  return sizes[0] ?? 0;
}

function indexIn(text: unknown, part: unknown, from: unknown): bigint {
  const points = Array.from(String(text));
  const start = Number(from);
  if (start < 0 || start > points.length) throw new CelFault(`index out of range: ${start}`);
  const at = points.slice(start).join("").indexOf(String(part));
  return at < 0 ? -1n : BigInt(start + Array.from(points.slice(start).join("").slice(0, at)).length);
}

function lastIndexIn(text: unknown, part: unknown, from: unknown): bigint {
  const points = Array.from(String(text));
  if (from !== undefined && (Number(from) < 0 || Number(from) > points.length)) {
    throw new CelFault(`index out of range: ${Number(from)}`);
  }
  const wanted = Array.from(String(part)).length;
  const last = Math.min(from === undefined ? points.length : Number(from), points.length - wanted);
  const joined = points.slice(0, Math.max(0, last) + wanted).join("");
  const at = last < 0 ? -1 : joined.lastIndexOf(String(part));
  return at < 0 ? -1n : BigInt(Array.from(joined.slice(0, at)).length);
}

function cut(text: unknown, from: unknown, to: unknown): string {
  const points = Array.from(String(text));
  const start = Number(from);
  const end = to === undefined ? points.length : Number(to);
  if (start < 0 || start > points.length) throw new CelFault(`index out of range: ${start}`);
  if (end < 0 || end > points.length) throw new CelFault(`index out of range: ${end}`);
  if (start > end) throw new CelFault(`invalid substring range. start: ${start}, end: ${end}`);
  return points.slice(start, end).join("");
}

/** Replacing may multiply a text: the result may not outgrow what a request can hold. */
function replace(text: unknown, from: unknown, to: unknown, limit: unknown): string {
  const pieces = split(text, from, limit === -1n ? -1n : (limit as bigint) + 1n);
  const length = String(text).length + pieces.length * String(to).length;
  if (length > 10_000_000) throw new CelFault("string is too long");
  return limit === 0n ? String(text) : pieces.join(String(to));
}

function split(text: unknown, by: unknown, limit: unknown): string[] {
  if (limit === 0n) return [];
  const pieces = String(by) === "" ? Array.from(String(text)) : String(text).split(String(by));
  const most = Number(limit);
  if (most < 0 || pieces.length <= most) return pieces;
  return [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(String(by))];
}

function format(text: string, values: readonly unknown[]): string {
  let used = 0;
  return text.replace(/%(?:\.(\d{1,3}))?([%sdfeboxX])/g, (_whole, precision: string | undefined, verb: string) => {
    if (verb === "%") return "%";
    if (used >= values.length) throw new CelFault(`index ${used} out of range`);
    const value = values[used++];
    const digits = precision === undefined ? 6 : Number(precision);
    if (verb === "s") return formatted(value);
    if (verb === "f") return Number(numeric(value)).toFixed(Math.min(100, digits));
    if (verb === "e")
      return Number(numeric(value))
        .toExponential(Math.min(100, digits))
        .replace(/e([-+])(\d)$/, "e$10$2");
    if (verb === "d") return String(numeric(value));
    if (verb === "b") return typeof value === "boolean" ? (value ? "1" : "0") : BigInt(numeric(value)).toString(2);
    if (verb === "o") return BigInt(numeric(value)).toString(8);
    const hex = typeof value === "string" ? Buffer.from(value).toString("hex") : BigInt(numeric(value)).toString(16);
    return verb === "x" ? hex : hex.toUpperCase();
  });
}

function numeric(value: unknown): number | bigint {
  if (typeof value === "bigint" || typeof value === "number") return value;
  if (value instanceof CelUint) return value.value;
  throw new CelFault("error during formatting: only integers and doubles can be formatted as numbers");
}

function formatted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatted).join(", ")}]`;
  if (value instanceof Map) {
    const entries = [...value].map(([key, member]) => `${formatted(key)}: ${formatted(member)}`);
    return `{${entries.sort().join(", ")}}`;
  }
  return sizeOfValue(value) === 0 && typeof value !== "string" ? "" : celText(value);
}
