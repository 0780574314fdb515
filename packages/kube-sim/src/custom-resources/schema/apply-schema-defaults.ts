import { isJsonRecord, setMember } from "../../resources/kube-object.ts";
import { propertyOf, valueSchemaOf, type JsonSchema } from "./json-schema.ts";

/**
 * Fills in the defaults of the schema, in place: for absent fields, and for nulls where none are allowed.
 *
 * Idempotent. A default inside an absent object is not reached; the object itself needs one.
 */
export function applySchemaDefaults(value: unknown, schema: JsonSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    for (let index = 0; index < value.length; index++) {
      if (isReplaceable(value[index], items)) value[index] = copyOf(items?.default);
      applySchemaDefaults(value[index], items);
    }
    return;
  }
  if (!isJsonRecord(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    const isAbsent = !Object.hasOwn(value, name) || value[name] === undefined;
    if (isAbsent || isReplaceable(value[name], property)) setMember(value, name, copyOf(property.default));
  }
  const values = valueSchemaOf(schema);
  for (const name of Object.keys(value)) {
    const property = propertyOf(schema, name);
    if (property === undefined && isReplaceable(value[name], values)) setMember(value, name, copyOf(values?.default));
    applySchemaDefaults(value[name], property ?? values);
  }
}

function isReplaceable(value: unknown, schema: JsonSchema | undefined): boolean {
  return value === null && schema !== undefined && schema.nullable !== true && schema.default !== undefined;
}

function copyOf(value: unknown): unknown {
  return typeof value === "object" ? structuredClone(value) : value;
}
