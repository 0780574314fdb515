import { parseDateTime, parseDuration } from "../custom-resources/schema/string-formats.ts";
import { elementCost, patternCost, traversalCost, typeOfValue, type OverloadDefinition } from "./cel-overload.ts";
import {
  CelDuration,
  CelFault,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  opaqueText,
  CelOpaque,
} from "./cel-values.ts";

/** The functions of the language itself. */
export function coreFunctions(): readonly OverloadDefinition[] {
  return [...sizes(), ...conversions(), ...texts(), ...times(), ...optionals()];
}

function sizes(): OverloadDefinition[] {
  const measure = (value: unknown): bigint => BigInt(sizeOfValue(value));
  return ["string", "bytes", "list(A)", "map(A, B)"].flatMap((type) => [
    { signature: `size(${type}): int`, call: ([value]) => measure(value) },
    { signature: `${type}.size(): int`, call: ([value]) => measure(value) },
  ]);
}

function conversions(): OverloadDefinition[] {
  const both = (
    name: string,
    from: readonly string[],
    to: string,
    call: (value: unknown) => unknown,
  ): OverloadDefinition[] =>
    from.map((type) => ({
      signature: `${name}(${type}): ${to}`,
      call: ([value]) => call(value),
      cost: type === "string" ? traversalCost : () => 1,
    }));
  return [
    ...both("int", ["int", "uint", "double", "string", "timestamp", "duration"], "int", toInt),
    ...both("uint", ["int", "uint", "double", "string"], "uint", (value) => toUint(value)),
    ...both("double", ["int", "uint", "double", "string"], "double", toDouble),
    ...both(
      "string",
      ["int", "uint", "double", "string", "bool", "bytes", "timestamp", "duration", "IP", "CIDR"],
      "string",
      celText,
    ),
    ...both("bool", ["bool", "string"], "bool", toBool),
    ...both("bytes", ["bytes", "string"], "bytes", (value) =>
      typeof value === "string" ? new Uint8Array(Buffer.from(value)) : value,
    ),
    ...both("timestamp", ["timestamp", "string", "int"], "timestamp", toTimestamp),
    ...both("duration", ["duration", "string"], "duration", toDuration),
    { signature: "dyn(A): dyn", call: ([value]) => value },
    { signature: "type(A): type", call: ([value]) => new CelTypeValue(typeOfValue(value)) },
  ];
}

function texts(): OverloadDefinition[] {
  const product = (counts: readonly number[]): number =>
    traversalCost(counts) * Math.max(1, Math.ceil((counts[1] ?? 0) * 0.1));
  const ofArgument = (counts: readonly number[]): number => Math.ceil((counts[1] ?? 0) * 0.1);
  return [
    {
      signature: "string.contains(string): bool",
      call: ([text, part]) => String(text).includes(String(part)),
      cost: product,
    },
    {
      signature: "string.startsWith(string): bool",
      call: ([text, part]) => String(text).startsWith(String(part)),
      cost: ofArgument,
    },
    {
      signature: "string.endsWith(string): bool",
      call: ([text, part]) => String(text).endsWith(String(part)),
      cost: ofArgument,
    },
    {
      signature: "string.matches(string): bool",
      call: ([text, pattern], { matches }) => matches(String(text), String(pattern)),
      cost: patternCost,
    },
    {
      signature: "matches(string, string): bool",
      call: ([text, pattern], { matches }) => matches(String(text), String(pattern)),
      cost: patternCost,
    },
  ];
}

function times(): OverloadDefinition[] {
  const part = (name: string, read: (date: Date) => number): OverloadDefinition[] => [
    {
      signature: `timestamp.${name}(): int`,
      call: ([at]) => BigInt(read(new Date((at as CelTimestamp).milliseconds))),
    },
    {
      signature: `timestamp.${name}(string): int`,
      call: ([at, zone]) => BigInt(read(inZone(at as CelTimestamp, String(zone)))),
    },
  ];
  const ofDuration = (name: string, unit: bigint): OverloadDefinition => ({
    signature: `duration.${name}(): int`,
    call: ([value]) => (value as CelDuration).nanoseconds / unit,
  });
  return [
    ...part("getFullYear", (date) => date.getUTCFullYear()),
    ...part("getMonth", (date) => date.getUTCMonth()),
    ...part("getDate", (date) => date.getUTCDate()),
    ...part("getDayOfMonth", (date) => date.getUTCDate() - 1),
    ...part("getDayOfWeek", (date) => date.getUTCDay()),
    ...part("getDayOfYear", (date) =>
      Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
    ),
    ...part("getHours", (date) => date.getUTCHours()),
    ...part("getMinutes", (date) => date.getUTCMinutes()),
    ...part("getSeconds", (date) => date.getUTCSeconds()),
    ...part("getMilliseconds", (date) => date.getUTCMilliseconds()),
    ofDuration("getHours", 3_600_000_000_000n),
    ofDuration("getMinutes", 60_000_000_000n),
    ofDuration("getSeconds", 1_000_000_000n),
    ofDuration("getMilliseconds", 1_000_000n),
  ];
}

function optionals(): OverloadDefinition[] {
  return [
    { signature: "@optional.of(T): optional(T)", call: ([value]) => new CelOptional(true, value) },
    { signature: "@optional.none(): optional(T)", call: () => new CelOptional(false) },
    {
      signature: "@optional.ofNonZeroValue(T): optional(T)",
      call: ([value]) => (isZero(value) ? new CelOptional(false) : new CelOptional(true, value)),
    },
    { signature: "optional(T).hasValue(): bool", call: ([value]) => (value as CelOptional).isPresent },
    {
      signature: "optional(T).value(): T",
      call: ([value]) => {
        if (!(value as CelOptional).isPresent) throw new CelFault("optional.none() dereference");
        return (value as CelOptional).value;
      },
    },
    { signature: "optional(T).or(optional(T)): optional(T)", call: ([a, b]) => ((a as CelOptional).isPresent ? a : b) },
    {
      signature: "optional(T).orValue(T): T",
      call: ([a, b]) => ((a as CelOptional).isPresent ? (a as CelOptional).value : b),
    },
    {
      signature: "@optional.unwrap(list(optional(T))): list(T)",
      call: ([list]) => (list as CelOptional[]).filter((item) => item.isPresent).map((item) => item.value),
      cost: elementCost,
    },
  ];
}

/** Number of characters, bytes, elements or entries; 1 for everything else. */
export function sizeOfValue(value: unknown): number {
  if (typeof value === "string") {
    let count = 0;
    for (const _ of value) count++;
    return count;
  }
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return value instanceof Map ? value.size : 1;
}

/** `string()` of a value. */
export function celText(value: unknown): string {
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTimestamp) return new Date(value.milliseconds).toISOString().replace(/\.000Z$/, "Z");
  if (value instanceof CelDuration) return `${Number(value.nanoseconds) / 1e9}s`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof CelTypeValue) return value.name;
  if (value instanceof CelOpaque) return opaqueText(value);
  return String(value);
}

function toInt(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof CelUint) return inRange(value.value);
  if (value instanceof CelTimestamp) return BigInt(Math.floor(value.milliseconds / 1000));
  if (value instanceof CelDuration) return value.nanoseconds;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new CelFault("integer overflow");
    return inRange(BigInt(Math.trunc(value)));
  }
  const text = String(value);
  if (!/^[-+]?\d{1,30}$/.test(text)) throw new CelFault(`type conversion error from 'string' to 'int'`);
  return inRange(BigInt(text.replace(/^\+/, "")));
}

function toUint(value: unknown): CelUint {
  if (value instanceof CelUint) return value;
  const number = toInt(value);
  if (number < 0n) throw new CelFault("unsigned integer overflow");
  return new CelUint(number);
}

function toDouble(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "string") {
    const number = Number(value);
    if (value.trim() === "" || (Number.isNaN(number) && value !== "NaN")) {
      throw new CelFault(`type conversion error from 'string' to 'double'`);
    }
    return number;
  }
  return Number(value instanceof CelUint ? value.value : value);
}

function toBool(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (["true", "True", "TRUE", "t", "1"].includes(String(value))) return true;
  if (["false", "False", "FALSE", "f", "0"].includes(String(value))) return false;
  throw new CelFault("type conversion error from 'string' to 'bool'");
}

function toTimestamp(value: unknown): CelTimestamp {
  if (value instanceof CelTimestamp) return value;
  if (typeof value === "bigint") return new CelTimestamp(Number(value) * 1000);
  const milliseconds = parseDateTime(String(value));
  if (milliseconds === undefined)
    throw new CelFault("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  return new CelTimestamp(milliseconds);
}

function toDuration(value: unknown): CelDuration {
  if (value instanceof CelDuration) return value;
  const nanoseconds = parseDuration(String(value));
  if (nanoseconds === undefined)
    throw new CelFault("type conversion error from 'string' to 'google.protobuf.Duration'");
  return new CelDuration(nanoseconds);
}

function inRange(value: bigint): bigint {
  if (value > 9_223_372_036_854_775_807n || value < -9_223_372_036_854_775_808n) throw new CelFault("integer overflow");
  return value;
}

/** Only offsets and UTC: names of zones need data that this process may not have. */
function inZone(at: CelTimestamp, zone: string): Date {
  const match = /^([-+]?)(\d\d):(\d\d)$/.exec(zone);
  if (zone === "UTC" || zone === "") return new Date(at.milliseconds);
  if (match === null) throw new CelFault(`unknown time zone ${zone}`);
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return new Date(at.milliseconds + (match[1] === "-" ? -minutes : minutes) * 60_000);
}

function isZero(value: unknown): boolean {
  if (value === null || value === "" || value === 0 || value === 0n || value === false) return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelDuration) return value.nanoseconds === 0n;
  return (Array.isArray(value) || value instanceof Map || value instanceof Uint8Array) && sizeOfValue(value) === 0;
}
