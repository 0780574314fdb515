/** Carries the type of the parsed value; exists for the compiler only. */
declare const valueType: unique symbol;

/**
 * What every field can say about itself.
 *
 * @public
 */
export interface FieldAnnotations {
  /** One or two sentences for help texts, JSON Schema and CRDs. */
  readonly doc?: string;
  /** Unit of a number or of the numbers in a list; `ms` and `bytes` are understood as durations and sizes by settings. */
  readonly unit?: string;
  /** True when the field may be absent (or null). */
  readonly optional?: true;
  /** Used when the field is absent (or null); checked like any value. */
  readonly default?: unknown;
  /** True when the value must never be shown. */
  readonly secret?: true;
}

/** Text. @public */
export interface StringNode extends FieldAnnotations {
  readonly kind: "string";
  /** Length in UTF-16 units, at least. */
  readonly min?: number;
  /** Length in UTF-16 units, at most. */
  readonly max?: number;
  /** Must match; without flags. Write it so that it runs in linear time: the text comes from outside. */
  readonly pattern?: RegExp;
}

/** A finite number. @public */
export interface NumberNode extends FieldAnnotations {
  readonly kind: "number" | "integer";
  readonly min?: number;
  readonly max?: number;
}

/** True or false. @public */
export interface BooleanNode extends FieldAnnotations {
  readonly kind: "boolean";
}

/** One of a few literals. @public */
export interface EnumNode extends FieldAnnotations {
  readonly kind: "enum";
  readonly values: readonly (string | number)[];
}

/** A list. @public */
export interface ArrayNode extends FieldAnnotations {
  readonly kind: "array";
  readonly item: SchemaNode;
  /** How many items, at least. */
  readonly min?: number;
  /** How many items, at most. */
  readonly max?: number;
}

/** An object with free keys and values of one kind. @public */
export interface MapNode extends FieldAnnotations {
  readonly kind: "map";
  readonly item: SchemaNode;
  /** Keys must match. */
  readonly pattern?: RegExp;
  /** How many entries, at most. */
  readonly max?: number;
}

/** What happens to keys that an object does not declare: a problem, dropped, or kept unseen. @public */
export type UnknownKeys = "error" | "strip" | "keep";

/** An object with declared fields. @public */
export interface ObjectNode extends FieldAnnotations {
  readonly kind: "object";
  readonly fields: Readonly<Record<string, SchemaNode>>;
  readonly unknownKeys: UnknownKeys;
}

/** Objects told apart by the text in one field, which the variants do not declare themselves. @public */
export interface UnionNode extends FieldAnnotations {
  readonly kind: "union";
  readonly discriminator: string;
  readonly variants: Readonly<Record<string, ObjectNode>>;
}

/** Anything; only its depth is bounded. @public */
export interface UnknownNode extends FieldAnnotations {
  readonly kind: "unknown";
}

/** A description as plain data: what the builders make, what the parser and the renderers read. @public */
export type SchemaNode =
  | StringNode
  | NumberNode
  | BooleanNode
  | EnumNode
  | ArrayNode
  | MapNode
  | ObjectNode
  | UnionNode
  | UnknownNode;

/**
 * A description of values of type `T`.
 *
 * Plain data without behaviour: making one costs an object literal. Make it inside `lazy()` and it costs nothing until used.
 *
 * @public
 */
export type Schema<T = unknown> = SchemaNode & { readonly [valueType]?: T };

/** A schema whose field may be absent. @public */
export type OptionalSchema<T> = Schema<T> & { readonly optional: true };

/** A schema of one object, so that it can be a variant of a union. @public */
export type ObjectSchema<T> = ObjectNode & { readonly [valueType]?: T };

/** The type of the values that a schema describes. @public */
export type Infer<S> = S extends { readonly [valueType]?: infer T } ? T : never;

/** Field descriptions by key. @public */
export type Fields = Readonly<Record<string, Schema>>;

/** The type of the object with these fields. @public */
export type ObjectOf<F extends Fields> = Flatten<
  { readonly [K in keyof F as F[K] extends { readonly optional: true } ? never : K]: Infer<F[K]> } & {
    readonly [K in keyof F as F[K] extends { readonly optional: true } ? K : never]?: Infer<F[K]>;
  }
>;

/** Shows one object instead of an intersection in messages of the compiler. @public */
export type Flatten<T> = { [K in keyof T]: T[K] };
