import type { StructuralField, StructuralType } from "@kinglet/kube-schema/structure";
import { knownStructureOf } from "../decoding/resource-structure.ts";
import type { SimResource } from "../resources/sim-resource.ts";

type Json = Readonly<Record<string, unknown>>;

/** Schemas of values that are not objects. */
const SCALARS: Readonly<Record<string, Json>> = {
  string: { type: "string" },
  bytes: { type: "string", format: "byte" },
  boolean: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  number: { type: "number", format: "double" },
  time: { type: "string", format: "date-time" },
  microTime: { type: "string", format: "date-time" },
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  intOrString: { "x-kubernetes-int-or-string": true, oneOf: [{ type: "integer" }, { type: "string" }] },
  any: { "x-kubernetes-preserve-unknown-fields": true },
  raw: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
};

/**
 * The OpenAPI document of a group version: enough for kubectl to explain, to merge and to see which parameters a request takes.
 * Made from the same structure that the server itself validates with; texts are left out, but for those of definitions.
 */
export function openApiDocument(rows: readonly SimResource[]): Json {
  const writer = new SchemaWriter();
  const paths: Record<string, unknown> = {};
  for (const row of rows) {
    const type = knownStructureOf(row);
    if (type === undefined) continue;
    const identity = { group: row.group, version: row.version, kind: row.kind };
    const name = writer.addKind(row, type, identity);
    Object.assign(paths, pathsOf(row, identity, name));
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.3" },
    paths,
    components: { schemas: writer.schemas },
  };
}

class SchemaWriter {
  readonly schemas: Record<string, unknown> = {};
  readonly #names = new Map<StructuralType, string>();

  /** @returns the name of the kind's schema */
  addKind(row: SimResource, type: StructuralType, identity: Json): string {
    const home = row.group === "" ? "core" : row.group;
    const name = `${home.split(".").reverse().join(".")}.${row.version}.${row.kind}`;
    this.#names.set(type, name);
    const schema = row.statedSchema === undefined ? this.#object(type) : this.#stated(row.statedSchema, type);
    this.schemas[name] = { ...schema, "x-kubernetes-group-version-kind": [identity] };
    return name;
  }

  /** What the definition says, and of the identity what the server says. */
  #stated(stated: Json, type: StructuralType): Json {
    const { properties } = this.#object(type) as { properties: Record<string, unknown> };
    const { apiVersion, kind, metadata } = properties;
    return { ...stated, properties: { ...(stated["properties"] as Json | undefined), apiVersion, kind, metadata } };
  }

  #schema(type: StructuralType): Json {
    switch (type.kind) {
      case "object":
        return type.name === undefined ? this.#object(type) : { $ref: `#/components/schemas/${this.#nameOf(type)}` };
      case "map":
        return { type: "object", additionalProperties: this.#schema(type.element ?? { kind: "any" }) };
      case "list":
        return {
          type: "array",
          items: this.#schema(type.element ?? { kind: "any" }),
          ...(type.listType === undefined ? {} : { "x-kubernetes-list-type": type.listType }),
          ...(type.listMapKeys === undefined ? {} : { "x-kubernetes-list-map-keys": type.listMapKeys }),
        };
      default:
        return SCALARS[type.kind] ?? {};
    }
  }

  /** A struct is written once and referred to: some contain themselves. */
  #nameOf(type: StructuralType): string {
    let name = this.#names.get(type);
    if (name === undefined) {
      const base = `k8s.${type.name ?? "Object"}`;
      name = base;
      for (let number = 2; name in this.schemas; number++) name = `${base}${number}`;
      this.#names.set(type, name);
      this.schemas[name] = {};
      this.schemas[name] = this.#object(type);
    }
    return name;
  }

  #object(type: StructuralType): Json {
    const properties: Record<string, unknown> = {};
    const required: string[] = [];
    for (const [name, field] of type.fields ?? []) {
      properties[name] = this.#field(field);
      if (field.isRequired === true) required.push(name);
    }
    return {
      type: "object",
      properties,
      ...(required.length === 0 ? {} : { required }),
      ...(type.mapType === "atomic" ? { "x-kubernetes-map-type": "atomic" } : {}),
      ...(type.preservesUnknown === true ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
    };
  }

  #field(field: StructuralField): Json {
    const schema = this.#schema(field.type);
    const more = {
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.patchStrategy === undefined ? {} : { "x-kubernetes-patch-strategy": field.patchStrategy }),
      ...(field.patchMergeKey === undefined ? {} : { "x-kubernetes-patch-merge-key": field.patchMergeKey }),
    };
    if (Object.keys(more).length === 0) return schema;
    // Nothing may stand beside a reference.
    return "$ref" in schema ? { ...more, allOf: [schema] } : { ...schema, ...more };
  }
}

const WRITES: readonly (readonly [method: string, action: string])[] = [
  ["put", "put"],
  ["patch", "patch"],
];

function pathsOf(row: SimResource, identity: Json, schema: string): Json {
  const base = row.group === "" ? `/api/${row.version}` : `/apis/${row.group}/${row.version}`;
  const collection = `${base}${row.namespaced ? "/namespaces/{namespace}" : ""}/${row.plural}`;
  const parameters = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({
    name,
    in: "query",
    schema: { type: "string", uniqueItems: true },
  }));
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
  const operation = (action: string): Json => ({
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": identity,
    parameters: action === "get" || action === "list" ? [] : parameters,
    responses: { "200": { description: "OK", content } },
  });
  const item: Record<string, unknown> = { get: operation("get"), delete: operation("delete") };
  for (const [method, action] of WRITES) item[method] = operation(action);
  return {
    [collection]: { get: operation("list"), post: operation("post") },
    [`${collection}/{name}`]: item,
  };
}
