import { loadStructure, type StructuralField, type StructuralType } from "@kinglet/kube-schema/structure";
import { structuralTypeOf } from "../custom-resources/structural-type-of.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";

/** Types of definitions, by their schemas: made when the first request asks. */
const stated = new WeakMap<object, StructuralType>();

/** A custom resource without a schema: metadata is what it is everywhere, the rest may be anything. */
function schemaless(): StructuralType {
  const scalar: StructuralField = { type: { kind: "string" } };
  const metadata = loadStructure().typeOf("v1", "ConfigMap")?.fields?.get("metadata") ?? { type: { kind: "any" } };
  const fields = new Map([
    ["apiVersion", scalar],
    ["kind", scalar],
    ["metadata", metadata],
  ] as const);
  return { kind: "object", fields, preservesUnknown: true };
}

/** The type of a resource's objects: its own schema, that of the built-in kind, or one that allows everything. */
export function structureOf(resource: SimResource): StructuralType {
  return knownStructureOf(resource) ?? schemaless();
}

/** The same; `undefined` for a custom resource without a schema. */
export function knownStructureOf(resource: SimResource): StructuralType | undefined {
  const { schema, statedSchema } = resource;
  if (schema !== undefined) return schema;
  if (statedSchema === undefined) return loadStructure().typeOf(apiVersionOf(resource), resource.kind);
  let type = stated.get(statedSchema);
  if (type === undefined) stated.set(statedSchema, (type = structuralTypeOf(statedSchema)));
  return type;
}

/** True when objects of the resource are decoded into a declared struct, which drops what it does not declare. */
export function isDeclared(resource: SimResource): boolean {
  if (resource.schema !== undefined || resource.statedSchema !== undefined) return false;
  return loadStructure().typeOf(apiVersionOf(resource), resource.kind) !== undefined;
}
