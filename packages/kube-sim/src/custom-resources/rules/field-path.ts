import { childPath, keyPath } from "../schema/field-problem.ts";
import { propertyOf, valueSchemaOf, type JsonSchema } from "../schema/json-schema.ts";

/** Where a path leads in a schema. */
export interface FoundField {
  /** The path as problems show it. */
  readonly path: string;
  readonly schema: JsonSchema;
}

/**
 * Follows `.spec.map['key'].field` through a schema. Only fields and map keys may be named.
 *
 * @returns the field, or why the path is none
 */
export function followFieldPath(
  text: string,
  schema: JsonSchema,
  options: { readonly allowsKeys: boolean } = { allowsKeys: true },
): FoundField | string {
  if (!/^[.[]/.test(text)) return "must start with a dot or an opening bracket";
  let at: JsonSchema = schema;
  let path = "";
  let rest = text;
  while (rest !== "") {
    const match = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest);
    if (match === null) return `unexpected ${JSON.stringify(rest.slice(0, 20))}`;
    rest = rest.slice(match[0].length);
    const isKey = match[1] === undefined;
    if (isKey && !options.allowsKeys) return "list or map keys are not allowed";
    const name = match[1] ?? (match[2] ?? "").replace(/\\(.)/g, "$1");
    const property = propertyOf(at, name);
    const values = valueSchemaOf(at);
    if (property !== undefined) {
      path = childPath(path, name);
      at = property;
    } else if (isKey && values !== undefined) {
      path = keyPath(path, name);
      at = values;
    } else {
      return "does not refer to a valid field";
    }
  }
  return { path, schema: at };
}

/** The path as problems show it; "" when it leads nowhere. */
export function normaliseFieldPath(text: string, schema: JsonSchema): string {
  const found = followFieldPath(text, schema);
  return typeof found === "string" ? "" : found.path;
}
