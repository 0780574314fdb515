import { isResourceNode, valueSchemaOf, type JsonSchema } from "../schema/json-schema.ts";
import type { CelType } from "../../cel/cel-type.ts";

/** A request can hold no more, bytes: the bound of everything that the schema leaves unbounded. */
const MAX_REQUEST_BYTES = 3_145_728;

const RESERVED: ReadonlySet<string> = new Set([
  "true",
  "false",
  "null",
  "in",
  "as",
  "break",
  "const",
  "continue",
  "else",
  "for",
  "function",
  "if",
  "import",
  "let",
  "loop",
  "package",
  "namespace",
  "return",
  "var",
  "void",
  "while",
]);

/** A type with the smallest size of its values as JSON, bytes. */
export interface SizedCelType {
  readonly type: CelType;
  readonly minBytes: number;
}

/**
 * What rules see of a value: undefined when they do not see it at all, since the schema does not say what it is.
 *
 * @param isRoot - the schema of a resource, whose kind, version and name are always there.
 */
export function celTypeOf(schema: JsonSchema | undefined, isRoot: boolean): SizedCelType | undefined {
  if (schema === undefined) return undefined;
  if (schema["x-kubernetes-int-or-string"] === true) {
    return { type: { kind: "dyn", maxSize: MAX_REQUEST_BYTES - 2 }, minBytes: 1 };
  }
  switch (schema.type) {
    case "array":
      return listType(schema);
    case "object":
      return objectType(schema, isRoot);
    case "string":
      return textType(schema);
    case "boolean":
      return { type: { kind: "bool" }, minBytes: 4 };
    case "number":
      return { type: { kind: "double" }, minBytes: 1 };
    case "integer":
      return { type: { kind: "int" }, minBytes: 1 };
    default:
      return undefined;
  }
}

/** How many values of this size fit into one request. */
export function maxCardinality(minBytes: number): number {
  return Math.floor(MAX_REQUEST_BYTES / (minBytes + 1));
}

/**
 * The name by which rules reach a field; undefined when there is none.
 *
 * Dots, dashes and slashes are written out, and the words of the language are set in underscores.
 */
export function celFieldName(name: string): string | undefined {
  if (name === "" || /^[0-9]/.test(name)) return undefined;
  if (RESERVED.has(name)) return `__${name}__`;
  let escaped = "";
  for (let index = 0; index < name.length; index++) {
    const character = name[index] ?? "";
    if (character === "_" && name[index + 1] === "_") {
      escaped += "__underscores__";
      index++;
    } else if (character === ".") escaped += "__dot__";
    else if (character === "-") escaped += "__dash__";
    else if (character === "/") escaped += "__slash__";
    else if (/[A-Za-z0-9_]/.test(character)) escaped += character;
    else return undefined;
  }
  return escaped;
}

function listType(schema: JsonSchema): SizedCelType | undefined {
  const items = celTypeOf(schema.items, isResourceNode(schema.items));
  if (items === undefined) return undefined;
  const maxSize = schema.maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (items.minBytes + 1));
  return { type: { kind: "list", element: items.type, maxSize: Math.max(0, maxSize) }, minBytes: 2 };
}

function objectType(schema: JsonSchema, isRoot: boolean): SizedCelType | undefined {
  const values = valueSchemaOf(schema);
  if (values !== undefined) {
    const value = celTypeOf(values, isResourceNode(values));
    if (value === undefined) return undefined;
    const maxSize = schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (value.minBytes + 6));
    const key: CelType = { kind: "string", maxSize: MAX_REQUEST_BYTES - 2 };
    return { type: { kind: "map", key, value: value.type, maxSize: Math.max(0, maxSize) }, minBytes: 2 };
  }
  const fields = new Map<string, CelType>();
  const required = new Set(schema.required);
  let minBytes = 2;
  const properties = isRoot ? withResourceFields(schema.properties ?? {}) : (schema.properties ?? {});
  for (const [name, property] of Object.entries(properties)) {
    const field = celTypeOf(property, isResourceNode(property));
    if (field === undefined) continue;
    const escaped = celFieldName(name);
    if (escaped !== undefined) fields.set(escaped, field.type);
    if (required.has(name) && property.default === undefined) minBytes += name.length + field.minBytes + 4;
  }
  return { type: { kind: "object", fields, maxSize: fields.size }, minBytes };
}

function textType(schema: JsonSchema): SizedCelType {
  const { maxLength } = schema;
  switch (schema.format) {
    case "byte":
      return { type: { kind: "bytes", maxSize: maxLength ?? MAX_REQUEST_BYTES - 2 }, minBytes: 2 };
    case "duration":
      return { type: { kind: "duration", maxSize: 14 }, minBytes: 2 };
    case "date":
      return { type: { kind: "timestamp", maxSize: 10 }, minBytes: 12 };
    case "date-time":
      return { type: { kind: "timestamp", maxSize: 20 }, minBytes: 21 };
    default:
      break;
  }
  const longest = schema.enum?.filter((item) => typeof item === "string").map((item) => item.length);
  const ofEnum = longest !== undefined && longest.length > 0 ? Math.max(...longest) : undefined;
  // A length counts characters of up to four bytes.
  const maxSize = maxLength === undefined ? (ofEnum ?? MAX_REQUEST_BYTES - 2) : Math.max(0, maxLength) * 4;
  return { type: { kind: "string", maxSize }, minBytes: 2 };
}

function withResourceFields(properties: Readonly<Record<string, JsonSchema>>): Readonly<Record<string, JsonSchema>> {
  const text: JsonSchema = { type: "string" };
  return {
    ...properties,
    apiVersion: text,
    kind: text,
    metadata: { type: "object", properties: { name: text, generateName: text } },
  };
}
