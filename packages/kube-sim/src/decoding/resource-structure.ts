import { loadStructure, type StructuralField, type StructuralType } from "@kinglet/kube-schema/structure";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";

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
  if (resource.schema !== undefined) return resource.schema;
  return loadStructure().typeOf(apiVersionOf(resource), resource.kind) ?? schemaless();
}

/** True when objects of the resource are decoded into a declared struct, which drops what it does not declare. */
export function isDeclared(resource: SimResource): boolean {
  return resource.schema === undefined && loadStructure().typeOf(apiVersionOf(resource), resource.kind) !== undefined;
}
