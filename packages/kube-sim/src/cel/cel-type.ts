/** The static type of a CEL expression. Sizes bound what a value of the type may hold, for the estimate of costs. */
export type CelType =
  | { readonly kind: ScalarKind; readonly maxSize?: number }
  | { readonly kind: "list"; readonly element: CelType; readonly maxSize?: number }
  | { readonly kind: "map"; readonly key: CelType; readonly value: CelType; readonly maxSize?: number }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, CelType>; readonly maxSize?: number }
  | { readonly kind: "optional"; readonly value: CelType; readonly maxSize?: number }
  | { readonly kind: "opaque"; readonly name: string; readonly maxSize?: number }
  | { readonly kind: "param"; readonly name: string; readonly maxSize?: number };

type ScalarKind =
  | "dyn"
  | "int"
  | "uint"
  | "double"
  | "bool"
  | "string"
  | "bytes"
  | "null"
  | "timestamp"
  | "duration"
  | "type";

/** Types bound to the parameters of one call. */
export type Bindings = Map<string, CelType>;

/** The type as the API writes it in messages. */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case "list":
      return `list(${typeName(type.element)})`;
    case "map":
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case "object":
      return "selfType.object";
    case "optional":
      return `optional_type(${typeName(type.value)})`;
    case "opaque":
    case "param":
      return type.name;
    case "timestamp":
      return "google.protobuf.Timestamp";
    case "duration":
      return "google.protobuf.Duration";
    default:
      return type.kind;
  }
}

/**
 * Reads `list(T)`, `map(string, int)`, `optional(T)`, `string`, a parameter (`T`), or the name of an opaque type.
 */
export function parseType(text: string): CelType {
  const match = /^(list|map|optional)\((.*)\)$/.exec(text);
  if (match === null) {
    if (/^[A-Z]$/.test(text)) return { kind: "param", name: text };
    return isScalar(text) ? { kind: text } : { kind: "opaque", name: text };
  }
  const inner = match[2] ?? "";
  if (match[1] === "list") return { kind: "list", element: parseType(inner) };
  if (match[1] === "optional") return { kind: "optional", value: parseType(inner) };
  const [key = "", value = ""] = splitAtTop(inner);
  return { kind: "map", key: parseType(key), value: parseType(value) };
}

/** Splits at commas outside of parentheses. */
export function splitAtTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of text) {
    if (character === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
      continue;
    }
    depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    part += character;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts;
}

/** True when a value of type `given` may be passed where `wanted` is asked; binds the parameters of `wanted`. */
export function isAssignable(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (wanted.kind === "param") {
    const bound = bindings.get(wanted.name);
    if (bound === undefined || (isOpen(bound) && !isOpen(given))) {
      bindings.set(wanted.name, given);
      return bound === undefined || isAssignable(bound, given, bindings);
    }
    return isAssignable(bound, given, bindings);
  }
  if (wanted.kind === "dyn" || given.kind === "dyn" || given.kind === "param") return true;
  if (wanted.kind !== given.kind) return false;
  switch (wanted.kind) {
    case "list":
      return given.kind === "list" && isAssignable(wanted.element, given.element, bindings);
    case "map":
      return (
        given.kind === "map" &&
        isAssignable(wanted.key, given.key, bindings) &&
        isAssignable(wanted.value, given.value, bindings)
      );
    case "optional":
      return given.kind === "optional" && isAssignable(wanted.value, given.value, bindings);
    case "opaque":
      return given.kind === "opaque" && wanted.name === given.name;
    case "object":
      // Types of objects have no names: they are the same when they come from the same place of the schema.
      return given.kind === "object" && wanted.fields === given.fields;
    default:
      return true;
  }
}

/** The largest size of values of a type, as far as the schema says. */
export function sizeOf(type: CelType): number {
  switch (type.kind) {
    case "string":
    case "bytes":
    case "list":
    case "map":
    case "dyn":
    case "object":
    case "optional":
      return type.maxSize ?? Number.POSITIVE_INFINITY;
    default:
      return 1;
  }
}

/** Replaces parameters by what they are bound to; unbound ones become `dyn`. */
export function bindType(type: CelType, bindings: Bindings): CelType {
  switch (type.kind) {
    case "param":
      return bindings.get(type.name) ?? { kind: "dyn" };
    case "list":
      return { ...type, element: bindType(type.element, bindings) };
    case "map":
      return { ...type, key: bindType(type.key, bindings), value: bindType(type.value, bindings) };
    case "optional":
      return { ...type, value: bindType(type.value, bindings) };
    default:
      return type;
  }
}

/** Says nothing about what is inside: an empty literal, or `dyn`. */
function isOpen(type: CelType): boolean {
  if (type.kind === "list") return isOpen(type.element);
  return type.kind === "param" || type.kind === "dyn";
}

function isScalar(text: string): text is ScalarKind {
  return Object.hasOwn(SCALARS, text);
}

const SCALARS: Readonly<Record<ScalarKind, true>> = {
  dyn: true,
  int: true,
  uint: true,
  double: true,
  bool: true,
  string: true,
  bytes: true,
  null: true,
  timestamp: true,
  duration: true,
  type: true,
};

/** What is known of an expression without running it. */
export interface CheckedExpression {
  readonly type: CelType;
  /** Upper bound of the cost of one evaluation. */
  readonly cost: number;
  /** Upper bound of the size of the result, for the cost of what is done with it. */
  readonly size: number;
}

/** Names that an expression may use. */
export type CelScope = ReadonlyMap<string, CelType>;
