/** Scalar types of protobuf that the API uses, and `message`. @public */
export type FieldType =
  | "string"
  | "bytes"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "bool"
  | "double"
  | "float"
  | "message";

/**
 * One field of a built-in kind: what it is called in JSON and how it travels in protobuf.
 *
 * How absence and zero translate follows from four flags. A *plain* field (not `isPointer`) is its type's zero when it is not on the wire; JSON leaves
 * that zero out where `omitsEmpty`, and otherwise writes it (`0`, `""`, `false`, `{}` for a message, `null` for a list, map or time). A *pointer* is
 * kept whatever its value once it is on the wire; absent, JSON leaves it out where `omitsEmpty` and otherwise writes `null`.
 *
 * @public
 */
export interface FieldRow {
  /** Name in JSON. For `isInline` the name in the `.proto` file, which JSON never shows. */
  readonly name: string;
  readonly number: number;
  /** Of the elements, where `isRepeated`; of the values, where `isMap` (keys are strings). */
  readonly type: FieldType;
  /** Full name of the message, for the type `message`. */
  readonly message: string | undefined;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** JSON leaves out the zero value, or for pointers, lists and maps: what is absent or empty. */
  readonly omitsEmpty: boolean;
  /** Absence differs from zero. */
  readonly isPointer: boolean;
  /** The message's own fields stand in the object around it (`volumes[].configMap`, not `volumes[].volumeSource.configMap`). */
  readonly isInline: boolean;
}

/**
 * A message whose JSON is not an object of its fields.
 *
 * | Value | On the wire | In JSON |
 * | --- | --- | --- |
 * | `time` | seconds = 1 | RFC 3339 in UTC, whole seconds; empty is `null` |
 * | `microTime` | seconds = 1, nanos = 2 | RFC 3339 in UTC, six decimals; empty is `null` |
 * | `duration` | nanoseconds = 1 | Go's notation, `1m30s` |
 * | `quantity` | string = 1 | that string; empty is `"0"` |
 * | `intOrString` | type = 1 (0 number, 1 string), intVal = 2, strVal = 3 | number or string |
 * | `rawJson` | bytes = 1 | those bytes are JSON (or, in RawExtension, an object in protobuf with its `k8s\0` envelope); empty is `null` |
 * | `fieldsV1` | bytes = 1 | those bytes are JSON; empty is `null` |
 * | `stringList` | strings = 1 | an array of strings |
 * | `schemaOrBool` | allows = 1, schema = 2 | the schema, else the boolean |
 * | `schemaOrArray` | schema = 1, jSONSchemas = 2 | the array when it has elements, else the schema |
 * | `schemaOrStringArray` | schema = 1, property = 2 | the strings when there are any, else the schema, else `null` |
 *
 * @public
 */
export type SpecialMessage =
  | "time"
  | "microTime"
  | "duration"
  | "quantity"
  | "intOrString"
  | "rawJson"
  | "fieldsV1"
  | "stringList"
  | "schemaOrBool"
  | "schemaOrArray"
  | "schemaOrStringArray";
