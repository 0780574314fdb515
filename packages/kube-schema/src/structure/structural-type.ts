/**
 * What a value may be. `object` has declared fields, `map` any names with values of one type, `any` is JSON without a schema
 * whose maps merge by name, `raw` an object that nobody looks into.
 *
 * @public
 */
export type StructuralKind =
  | "object"
  | "map"
  | "list"
  | "string"
  | "bytes"
  | "boolean"
  | "int32"
  | "int64"
  | "number"
  | "time"
  | "microTime"
  | "quantity"
  | "intOrString"
  | "any"
  | "raw";

/**
 * The shape of a value: what strategic merge patch, server-side apply and field validation need to know of it, and no more.
 *
 * Built-in kinds come from {@link loadStructure}; the same interface made from the schema of a CustomResourceDefinition serves
 * custom resources.
 *
 * @public
 */
export interface StructuralType {
  readonly kind: StructuralKind;
  /** Name of the Go struct, for messages of the API; built-in objects only. */
  readonly name?: string;
  /** Declared fields of an `object`, in the order in which the API writes them. */
  readonly fields?: ReadonlyMap<string, StructuralField>;
  /** Type of the elements of a `list` and of the values of a `map`. */
  readonly element?: StructuralType;
  /** How the elements of a `list` are owned and merged; absent on other kinds. */
  readonly listType?: "atomic" | "set" | "map";
  /** Names of the fields that identify an element of a `map` list, at least one. */
  readonly listMapKeys?: readonly string[];
  /** `atomic`: an `object` or `map` that is owned and replaced as a whole. */
  readonly mapType?: "atomic" | "granular";
  /** Undeclared fields are kept (`x-kubernetes-preserve-unknown-fields`). */
  readonly preservesUnknown?: boolean;
  /** `null` is a value of its own (`nullable`), not an absent field. */
  readonly isNullable?: boolean;
}

/**
 * A declared field of an object.
 *
 * @public
 */
export interface StructuralField {
  readonly type: StructuralType;
  /** The value that stands for an absent one, where the schema declares it. */
  readonly default?: unknown;
  readonly isRequired?: boolean;
  /** The API writes the field even when it is empty: `{}`, `null`, `""`, `0`, `false`. Built-in kinds only. */
  readonly isAlwaysWritten?: boolean;
  /** Go declares a pointer: an empty string, a zero or `{}` given by a client is kept. Built-in kinds only. */
  readonly isPointer?: boolean;
  /** Strategic merge patch: lists merge element by element; only the fields named by `$retainKeys` are retained. */
  readonly patchStrategy?: "merge" | "retainKeys" | "merge,retainKeys";
  /** Strategic merge patch: the field that identifies elements of the list. */
  readonly patchMergeKey?: string;
}
