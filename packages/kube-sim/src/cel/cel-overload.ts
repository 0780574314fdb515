import { parseType, splitAtTop, type CelType } from "./cel-type.ts";
import { CelDuration, CelOpaque, CelOptional, CelTimestamp, CelTypeValue, CelUint } from "./cel-values.ts";

/** What a function is given: the receiver first, if it has one. */
type CelArguments = readonly unknown[];

/** Where a pattern given to an expression is compiled; one per compiled rule set, so that each is compiled once. */
export interface CelRuntime {
  readonly matches: (text: string, pattern: string) => boolean;
  readonly findAll: (text: string, pattern: string, limit: number) => string[];
}

/** One signature of a function. */
export interface CelOverload {
  readonly name: string;
  readonly isMember: boolean;
  /** With the receiver in front. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  readonly call: (values: CelArguments, runtime: CelRuntime) => unknown;
  /** Cost units from the sizes of the arguments. */
  readonly cost: (sizes: readonly number[]) => number;
  /** Largest size of the result; undefined: unknown. */
  readonly resultSize: ((sizes: readonly number[]) => number) | undefined;
}

/** A signature as text, and what it does: `string.contains(string): bool`. */
export interface OverloadDefinition {
  readonly signature: string;
  readonly call: (values: CelArguments, runtime: CelRuntime) => unknown;
  readonly cost?: (sizes: readonly number[]) => number;
  readonly resultSize?: (sizes: readonly number[]) => number;
}

/** Reads the signature of a definition. */
export function createOverload(definition: OverloadDefinition): CelOverload {
  const colon = definition.signature.lastIndexOf("):");
  const open = headEnd(definition.signature);
  const head = definition.signature.slice(0, open);
  const parameters = splitAtTop(definition.signature.slice(open + 1, colon)).map(parseType);
  const dot = head.startsWith("@") ? head.indexOf(".") : head.lastIndexOf(".");
  // `@ip.isCanonical` is a function in a name space, `string.contains` one of a string.
  const isMember = dot >= 0 && !head.startsWith("@");
  const receiver = isMember ? [parseType(head.slice(0, dot))] : [];
  return {
    name: isMember ? head.slice(dot + 1) : head.replace(/^@/, ""),
    isMember,
    parameters: [...receiver, ...parameters],
    result: parseType(definition.signature.slice(colon + 2).trim()),
    call: definition.call,
    cost: definition.cost ?? (() => 1),
    resultSize: definition.resultSize,
  };
}

/** Cost of reading a text once: a tenth of its length. */
export function traversalCost(sizes: readonly number[]): number {
  return Math.ceil((sizes[0] ?? 0) * 0.1);
}

/** Cost of running a pattern over a text. */
export function patternCost(sizes: readonly number[]): number {
  return Math.ceil(((sizes[0] ?? 0) + 1) * 0.1) * Math.max(1, Math.ceil((sizes[1] ?? 0) * 0.25));
}

/** Cost of visiting every element. */
export function elementCost(sizes: readonly number[]): number {
  return 1 + (sizes[0] ?? 0);
}

/** True when a value may be passed for a parameter. */
export function valueMatches(type: CelType, value: unknown): boolean {
  switch (type.kind) {
    case "dyn":
    case "param":
      return true;
    case "int":
      return typeof value === "bigint";
    case "uint":
      return value instanceof CelUint;
    case "double":
      return typeof value === "number";
    case "bool":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
    case "bytes":
      return value instanceof Uint8Array;
    case "null":
      return value === null;
    case "timestamp":
      return value instanceof CelTimestamp;
    case "duration":
      return value instanceof CelDuration;
    case "type":
      return value instanceof CelTypeValue;
    case "list":
      return Array.isArray(value) && (value.length === 0 || valueMatches(type.element, value[0]));
    case "map":
    case "object":
      return value instanceof Map;
    case "optional":
      return value instanceof CelOptional;
    default:
      return value instanceof CelOpaque && value.type === type.name;
  }
}

/** Name of a value's type, for messages and `type()`. */
export function typeOfValue(value: unknown): string {
  if (value === null) return "null_type";
  switch (typeof value) {
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    default:
      break;
  }
  if (Array.isArray(value)) return "list";
  if (value instanceof Map) return "map";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof CelUint) return "uint";
  if (value instanceof CelTimestamp) return "google.protobuf.Timestamp";
  if (value instanceof CelDuration) return "google.protobuf.Duration";
  if (value instanceof CelOptional) return "optional_type";
  if (value instanceof CelOpaque) return value.type;
  return "type";
}

/** The parenthesis that opens the parameters: the receiver's type may have some of its own. */
function headEnd(signature: string): number {
  const match = /^(?:(?:list|map|optional)\([^()]*\)\.\w+|@?[\w.]+)(?=\()/.exec(signature);
  return match === null ? signature.indexOf("(") : match[0].length;
}
