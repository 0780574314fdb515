import { loadStructure, type StructuralField, type StructuralType } from "@kinglet/kube-schema/structure";
import { isResourceNode, type JsonSchema } from "./schema/json-schema.ts";

/** The schema of a resource as server-side apply and field validation want it; kind, version and metadata are added. */
export function structuralTypeOf(schema: JsonSchema): StructuralType {
  return typeOf(schema, true);
}

function typeOf(schema: JsonSchema, isResource: boolean): StructuralType {
  if (schema["x-kubernetes-int-or-string"] === true) return { kind: "intOrString" };
  const nullable = schema.nullable === true ? { isNullable: true } : {};
  switch (schema.type) {
    case "object":
      return { ...objectType(schema, isResource || isResourceNode(schema)), ...nullable };
    case "array":
      return { ...listType(schema), ...nullable };
    case "string":
      return { kind: "string", ...nullable };
    case "boolean":
      return { kind: "boolean", ...nullable };
    case "integer":
      return { kind: "int64", ...nullable };
    case "number":
      return { kind: "number", ...nullable };
    default:
      return { kind: "any", preservesUnknown: true, ...nullable };
  }
}

function objectType(schema: JsonSchema, isResource: boolean): StructuralType {
  const shared: Pick<StructuralType, "mapType" | "preservesUnknown"> = {
    ...(schema["x-kubernetes-map-type"] === "atomic" ? { mapType: "atomic" } : {}),
    ...(schema["x-kubernetes-preserve-unknown-fields"] === true ? { preservesUnknown: true } : {}),
  };
  const values = schema.additionalProperties;
  if (values !== undefined && values !== false && Object.keys(schema.properties ?? {}).length === 0) {
    const element: StructuralType = typeof values === "object" ? typeOf(values, false) : { kind: "any" };
    return { kind: "map", element, ...shared };
  }
  const required = new Set(schema.required);
  const fields = new Map<string, StructuralField>(isResource ? resourceFields() : []);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (isResource && fields.has(name)) continue;
    fields.set(name, {
      type: typeOf(property, false),
      ...(property.default === undefined ? {} : { default: property.default }),
      ...(required.has(name) ? { isRequired: true } : {}),
    });
  }
  return { kind: "object", fields, ...shared };
}

function listType(schema: JsonSchema): StructuralType {
  const element: StructuralType = schema.items === undefined ? { kind: "any" } : typeOf(schema.items, false);
  const keys = schema["x-kubernetes-list-map-keys"];
  const declared = schema["x-kubernetes-list-type"];
  const kind = declared === "map" || declared === "set" ? declared : "atomic";
  return { kind: "list", element, listType: kind, ...(keys === undefined ? {} : { listMapKeys: keys }) };
}

/** What every resource has; the metadata are those of any built-in kind. */
function resourceFields(): [string, StructuralField][] {
  const text: StructuralField = { type: { kind: "string" } };
  const metadata = loadStructure().typeOf("v1", "ConfigMap")?.fields?.get("metadata") ?? { type: { kind: "any" } };
  return [
    ["apiVersion", text],
    ["kind", text],
    ["metadata", metadata],
  ];
}
