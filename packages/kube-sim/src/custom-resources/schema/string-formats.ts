import { isIPv4, isIPv6 } from "node:net";

type FormatTest = (text: string) => boolean;

/** Formats of texts that are checked, by name without dashes. */
const FORMATS: Readonly<Record<string, FormatTest>> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: (text) => isIPv6(text) && !text.includes("%"),
  cidr: isCidr,
  mac: isMac,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid3: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid4: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  uuid5: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: isRgbColor,
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  password: () => true,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isCalendarDay(text),
  duration: (text) => parseDuration(text) !== undefined,
  datetime: (text) => parseDateTime(text) !== undefined,
  k8sshortname: (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text),
  k8slongname: (text) =>
    text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text),
};

/** True when a schema of this type may name the format; others are ignored, with a warning when the definition is made. */
export function isKnownFormat(type: string | undefined, format: string): boolean {
  switch (type) {
    case undefined:
    case "":
    case "string":
      return Object.hasOwn(FORMATS, normalised(format));
    case "integer":
      return format === "int32" || format === "int64";
    case "number":
      return format === "float" || format === "double";
    default:
      return false;
  }
}

/** True when a text has a format, or when the format is not one that is checked. */
export function hasFormat(format: string, text: string): boolean {
  const name = normalised(format);
  return Object.hasOwn(FORMATS, name) ? (FORMATS[name]?.(text) ?? true) : true;
}

/** Nanoseconds of a duration such as `1h30m` or `22 ns`; undefined when the text is none. */
export function parseDuration(text: string): bigint | undefined {
  const plain = text.trim().toLowerCase();
  if (plain === "0") return 0n;
  const sign = /^[-+]/.exec(plain)?.[0] ?? "";
  const body = plain.slice(sign.length);
  if (!/^(\d{1,18}(\.\d{0,18})?|\.\d{1,18}) *[a-zµμ]+/.test(body)) return undefined;
  let total = 0;
  let rest = body;
  while (rest !== "") {
    const match =
      /^(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}) *(ns|nanos?|nanoseconds?|us|µs|μs|micros?|ms|millis?|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w)/.exec(
        rest,
      );
    if (match === null) return undefined;
    total += Number(match[1]) * unitNanoseconds(match[2] ?? "");
    rest = rest.slice(match[0].length).trimStart();
  }
  return BigInt(Math.round(sign === "-" ? -total : total));
}

/** Milliseconds since the epoch of a date and time as RFC 3339 has it; undefined when the text is none. */
export function parseDateTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[-+]\d\d:?\d\d)$/.exec(text);
  if (match === null || !isCalendarDay(match[1] ?? "")) return undefined;
  if (Number(match[2]) > 23 || Number(match[3]) > 59 || Number(match[4]) > 59) return undefined;
  const zone = (match[6] ?? "Z").replace(/^([-+]\d\d):?(\d\d)$/, "$1:$2").toUpperCase();
  const value = Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}${(match[5] ?? "").slice(0, 4)}${zone}`);
  return Number.isNaN(value) ? undefined : value;
}

function normalised(format: string): string {
  return format.replaceAll("-", "");
}

function unitNanoseconds(unit: string): number {
  if (unit.startsWith("n")) return 1;
  if (/^(us|µs|μs|micro)/.test(unit)) return 1e3;
  if (/^(ms|milli)/.test(unit)) return 1e6;
  if (unit.startsWith("s")) return 1e9;
  if (unit.startsWith("m")) return 60e9;
  if (unit.startsWith("h")) return 3600e9;
  return unit.startsWith("d") ? 86_400e9 : 604_800e9;
}

function isCalendarDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year === 0 ? 4 : year, month, 0)).getUTCDate();
}

/** As Go's ParseRequestURI: absolute, or a path from the root; no fragment rules. */
function isRequestUri(text: string): boolean {
  if (text === "" || /[\u0000-\u0020\u007f]/.test(text)) return false;
  if (text.startsWith("/")) return true;
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  if (match === null) return false;
  const rest = match[2] ?? "";
  if (!rest.startsWith("//")) return true;
  const host =
    rest
      .slice(2)
      .split(/[/?#]/)[0]
      ?.replace(/^[^@]*@/, "") ?? "";
  return /^(\[[0-9A-Fa-f:.%]+\]|[^:\s<>"{}|\\^`]*)(:\d*)?$/.test(host) && !/%(?![0-9A-Fa-f]{2})/.test(host);
}

function isEmail(text: string): boolean {
  if (text.length > 1000) return false;
  const address = /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text.trim();
  const at = address.lastIndexOf("@");
  const local = address.slice(0, Math.max(0, at));
  const domain = address.slice(at + 1);
  return (
    /^("[^"]+"|[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+)*)$/.test(
      local,
    ) && /^(\[[^\]]+\]|[^\s@.<>()[\]\\,;:"]+(\.[^\s@.<>()[\]\\,;:"]+)*)$/.test(domain)
  );
}

function isHostname(text: string): boolean {
  if (text.length > 255 || text === "") return false;
  const labels = text.replace(/\.$/, "").split(".");
  return labels.every(
    (label) =>
      label.length <= 63 &&
      /^[A-Za-z0-9\u00a1-\uffff_]([A-Za-z0-9\u00a1-\uffff_-]*[A-Za-z0-9\u00a1-\uffff_])?$/.test(label),
  );
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && !address.includes("%") && Number(bits) <= 128);
}

function isMac(text: string): boolean {
  return (
    /^([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})$/.test(text) ||
    /^([0-9A-Fa-f]{2}[:-]){7}([0-9A-Fa-f]{2})$/.test(text) ||
    /^([0-9A-Fa-f]{4}\.){2,3}([0-9A-Fa-f]{4})$/.test(text)
  );
}

function isIsbn10(text: string): boolean {
  const plain = text.replace(/[\s-]/g, "");
  if (!/^\d{9}[\dX]$/.test(plain)) return false;
  let sum = 0;
  for (let index = 0; index < 10; index++) sum += (plain[index] === "X" ? 10 : Number(plain[index])) * (index + 1);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const plain = text.replace(/[\s-]/g, "");
  if (!/^\d{13}$/.test(plain)) return false;
  let sum = 0;
  for (let index = 0; index < 13; index++) sum += Number(plain[index]) * (index % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const plain = text.replace(/[^0-9]+/g, "");
  if (
    !/^(4\d{12}(\d{3})?|5[1-5]\d{14}|6(011|5\d\d)\d{12}|3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}|(2131|1800|35\d{3})\d{11})$/.test(
      plain,
    )
  ) {
    return false;
  }
  let sum = 0;
  for (let index = 0; index < plain.length; index++) {
    const digit = Number(plain[plain.length - 1 - index]) * (index % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text);
  return match !== null && [match[1], match[2], match[3]].every((part) => Number(part) <= 255);
}
