import type { ObjectNode, SchemaNode, UnionNode } from "./schema.ts";

/** A JSON Schema document as plain data. @public */
export type JsonSchema = { [keyword: string]: unknown };

/**
 * Describes the values of a schema as JSON Schema, draft 2020-12, for editors and for users' own checks.
 *
 * What it accepts is what `validate` accepts, except that `validate` also takes null where a field may be absent.
 *
 * @public
 */
export function toJsonSchema(schema: SchemaNode): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...render(schema) };
}

function render(node: SchemaNode): JsonSchema {
  return { ...renderKind(node), ...annotations(node), ...(node.secret === true ? { writeOnly: true } : {}) };
}

function renderKind(node: SchemaNode): JsonSchema {
  switch (node.kind) {
    case "array":
      return { type: "array", items: render(node.item), ...bounds(node, "minItems", "maxItems") };
    case "map":
      return {
        type: "object",
        additionalProperties: render(node.item),
        ...bounds(node, "minProperties", "maxProperties"),
        ...(node.pattern === undefined ? {} : { propertyNames: { pattern: node.pattern.source } }),
      };
    case "object":
      return renderObject(node, {});
    case "union":
      return { oneOf: renderVariants(node) };
    case "string":
    case "number":
    case "integer":
    case "boolean":
    case "enum":
    case "unknown":
      break;
  }
  return renderScalar(node);
}

function renderObject(node: ObjectNode, tag: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const properties: Record<string, JsonSchema> = { ...tag };
  for (const [key, field] of Object.entries(node.fields)) properties[key] = render(field);
  const required = [...Object.keys(tag), ...requiredKeys(node)];
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(node.unknownKeys === "error" ? { additionalProperties: false } : {}),
  };
}

function renderVariants(node: UnionNode): JsonSchema[] {
  const variants: JsonSchema[] = [];
  for (const [tag, variant] of Object.entries(node.variants)) {
    const rendered = renderObject(variant, { [node.discriminator]: { const: tag } });
    variants.push(Object.assign(rendered, annotations(variant)));
  }
  return variants;
}

/** Keywords of kinds without parts; the same in JSON Schema and in a CRD. @internal */
export function renderScalar(node: SchemaNode): JsonSchema {
  switch (node.kind) {
    case "string":
      return {
        type: "string",
        ...bounds(node, "minLength", "maxLength"),
        ...(node.pattern === undefined ? {} : { pattern: node.pattern.source }),
      };
    case "number":
    case "integer":
      return { type: node.kind, ...bounds(node, "minimum", "maximum") };
    case "boolean":
      return { type: "boolean" };
    case "enum":
      return { type: enumType(node.values), enum: [...node.values] };
    case "array":
    case "map":
    case "object":
    case "union":
    case "unknown":
      break;
  }
  return {};
}

/** Keys that must be present: neither optional nor with a default. @internal */
export function requiredKeys(node: ObjectNode): string[] {
  return Object.keys(node.fields).filter((key) => {
    const field = node.fields[key];
    return field?.optional !== true && field?.default === undefined;
  });
}

/** Description with the unit, and default. @internal */
export function annotations(node: SchemaNode): JsonSchema {
  const unit = node.unit === undefined ? "" : `Unit: ${node.unit}.`;
  const description = [node.doc ?? "", unit].filter((text) => text !== "").join(" ");
  return {
    ...(description === "" ? {} : { description }),
    ...(node.default === undefined ? {} : { default: node.default }),
  };
}

/** @internal */
export function bounds(
  limits: { readonly min?: number; readonly max?: number },
  minKeyword: string,
  maxKeyword: string,
): JsonSchema {
  return {
    ...(limits.min === undefined ? {} : { [minKeyword]: limits.min }),
    ...(limits.max === undefined ? {} : { [maxKeyword]: limits.max }),
  };
}

function enumType(values: readonly (string | number)[]): string | string[] {
  const types = [...new Set(values.map((value) => (typeof value === "string" ? "string" : "number")))];
  return types.length === 1 ? (types[0] as string) : types;
}
