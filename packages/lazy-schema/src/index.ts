export { lazySchemaErrors, type LazySchemaErrorCode } from "./errors.ts";
export {
  array,
  boolean,
  integer,
  map,
  number,
  object,
  oneOf,
  optional,
  secret,
  string,
  union,
  unknown,
  type Options,
} from "./fields.ts";
export { lazy, type Lazy } from "./lazy.ts";
export type {
  ArrayNode,
  BooleanNode,
  EnumNode,
  FieldAnnotations,
  Fields,
  Flatten,
  Infer,
  MapNode,
  NumberNode,
  ObjectNode,
  ObjectOf,
  ObjectSchema,
  OptionalSchema,
  Schema,
  SchemaNode,
  StringNode,
  UnionNode,
  UnknownKeys,
  UnknownNode,
} from "./schema.ts";
export { Secret } from "./secret.ts";
export { parse, validate, type Problem, type ValidationLimits, type ValidationResult } from "./validate.ts";
