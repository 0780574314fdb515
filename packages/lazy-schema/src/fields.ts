import type {
  ArrayNode,
  EnumNode,
  FieldAnnotations,
  Fields,
  Flatten,
  Infer,
  MapNode,
  NumberNode,
  ObjectOf,
  ObjectSchema,
  OptionalSchema,
  Schema,
  StringNode,
  UnionNode,
  UnknownKeys,
} from "./schema.ts";
import type { Secret } from "./secret.ts";

/** What a builder takes: the annotations and limits of its kind, with a default of its type. @public */
export type Options<Node, T> = Omit<Node, "kind" | "item" | "fields" | "values" | "optional" | "secret" | "default"> & {
  readonly default?: T;
};

/** Text; `min` and `max` bound its length. @public */
export function string(options: Options<StringNode, string> = {}): Schema<string> {
  return { kind: "string", ...options };
}

/** Text that must not be shown; parsed into a {@link Secret}. @public */
export function secret(options: Omit<Options<StringNode, string>, "default"> = {}): Schema<Secret> {
  return { kind: "string", ...options, secret: true };
}

/** A finite number; `min` and `max` are inclusive. @public */
export function number(options: Options<NumberNode, number> = {}): Schema<number> {
  return { kind: "number", ...options };
}

/** A whole number that JavaScript represents exactly; `min` and `max` are inclusive. @public */
export function integer(options: Options<NumberNode, number> = {}): Schema<number> {
  return { kind: "integer", ...options };
}

/** True or false. @public */
export function boolean(options: Options<FieldAnnotations, boolean> = {}): Schema<boolean> {
  return { kind: "boolean", ...options };
}

/** One of the given literals. @public */
export function oneOf<const T extends string | number>(
  values: readonly T[],
  options: Options<EnumNode, T> = {},
): Schema<T> {
  return { kind: "enum", values, ...options };
}

/** A list; `min` and `max` bound its length. @public */
export function array<T>(item: Schema<T>, options: Options<ArrayNode, readonly T[]> = {}): Schema<readonly T[]> {
  return { kind: "array", item, ...options };
}

/** An object with free keys; `max` bounds how many, `pattern` restricts them. @public */
export function map<T>(
  item: Schema<T>,
  options: Options<MapNode, Readonly<Record<string, T>>> = {},
): Schema<Readonly<Record<string, T>>> {
  return { kind: "map", item, ...options };
}

/**
 * An object with the given fields.
 *
 * @param fields - descriptions by key.
 * @param options - `unknownKeys`: what happens to other keys, default "error"; `default`: before defaults of the fields.
 *
 * @public
 */
export function object<F extends Fields>(
  fields: F,
  options: Options<FieldAnnotations, Partial<ObjectOf<F>>> & { readonly unknownKeys?: UnknownKeys } = {},
): ObjectSchema<ObjectOf<F>> {
  return { kind: "object", fields, unknownKeys: "error", ...options };
}

/**
 * Objects of several shapes, told apart by the text in one field.
 *
 * @param discriminator - key of that field; the variants do not declare it, the parsed value has it.
 * @param variants - the shape for each text.
 *
 * @public
 */
export function union<D extends string, V extends Readonly<Record<string, ObjectSchema<unknown>>>>(
  discriminator: D,
  variants: V,
  options: Omit<Options<UnionNode, never>, "discriminator" | "variants" | "default"> = {},
): Schema<{ [K in keyof V]: Flatten<{ readonly [P in D]: K } & Infer<V[K]>> }[keyof V]> {
  return { kind: "union", discriminator, variants, ...options };
}

/** Anything, kept as it came. @public */
export function unknown(options: Options<FieldAnnotations, unknown> = {}): Schema {
  return { kind: "unknown", ...options };
}

/** The same field, but it may be absent. @public */
export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  return { ...schema, optional: true };
}
