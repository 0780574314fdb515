import { annotations, bounds, renderScalar, requiredKeys, type JsonSchema } from "./json-schema.ts";
import { isDeepEqual } from "./plain-data.ts";
import type { SchemaNode, UnionNode } from "./schema.ts";

/**
 * Describes the values of a schema as structural schema of a Kubernetes CustomResourceDefinition (`openAPIV3Schema`).
 *
 * Differences to {@link toJsonSchema}, all because structural schemas permit no more: unknown keys are pruned by the API server
 * whether the schema says "error" or "strip"; patterns of map keys are not expressed; of a union the server checks the discriminator
 * and the required fields per variant, and fields that differ between variants are left open.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 * @public
 */
export function toCrdSchema(schema: SchemaNode): JsonSchema {
  return { ...renderKind(schema), ...annotations(schema) };
}

function renderKind(node: SchemaNode): JsonSchema {
  switch (node.kind) {
    case "array":
      return { type: "array", items: toCrdSchema(node.item), ...bounds(node, "minItems", "maxItems") };
    case "map":
      return {
        type: "object",
        additionalProperties: toCrdSchema(node.item),
        ...bounds(node, "minProperties", "maxProperties"),
      };
    case "object": {
      const properties: Record<string, JsonSchema> = {};
      for (const [key, field] of Object.entries(node.fields)) properties[key] = toCrdSchema(field);
      const required = requiredKeys(node);
      return {
        type: "object",
        properties,
        ...(required.length === 0 ? {} : { required }),
        ...(node.unknownKeys === "keep" ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
      };
    }
    case "union":
      return renderUnion(node);
    case "unknown":
      return { "x-kubernetes-preserve-unknown-fields": true };
    case "integer": {
      const is64 = (node.max ?? Infinity) > 2 ** 31 - 1 || (node.min ?? -Infinity) < -(2 ** 31);
      return { ...renderScalar(node), format: is64 ? "int64" : "int32" };
    }
    case "enum": {
      const { type, ...rest } = renderScalar(node);
      // A structural schema has one type, and one for whole numbers of its own.
      if (typeof type !== "string") return { "x-kubernetes-preserve-unknown-fields": true };
      return { type: type === "number" && node.values.every(Number.isInteger) ? "integer" : type, ...rest };
    }
    case "string":
    case "number":
    case "boolean":
      break;
  }
  return renderScalar(node);
}

function renderUnion(node: UnionNode): JsonSchema {
  const tags = Object.keys(node.variants);
  const properties: Record<string, JsonSchema> = {};
  for (const variant of Object.values(node.variants)) {
    for (const [key, field] of Object.entries(variant.fields)) {
      // A default of one variant must not be filled into another.
      const { default: _, ...rendered } = toCrdSchema(field);
      const isSame = properties[key] === undefined || isDeepEqual(properties[key], rendered);
      properties[key] = isSame ? rendered : { "x-kubernetes-preserve-unknown-fields": true };
    }
  }
  const isOpen = Object.values(node.variants).some((variant) => variant.unknownKeys === "keep");
  return {
    type: "object",
    properties: { ...properties, [node.discriminator]: { type: "string", enum: tags } },
    required: [node.discriminator],
    oneOf: tags.map((tag) => ({
      properties: { [node.discriminator]: { enum: [tag] } },
      required: [node.discriminator, ...requiredKeys(node.variants[tag] as UnionNode["variants"][string])],
    })),
    ...(isOpen ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
  };
}
