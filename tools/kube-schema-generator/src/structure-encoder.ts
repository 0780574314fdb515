import type { GoField, GoStructs } from "./go-structs.ts";

/** The part of an OpenAPI v3 schema that the table keeps. */
export interface OpenApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly required?: readonly string[];
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
}

/** Named definitions that are values, not structs. */
const SPECIAL: Readonly<Record<string, string>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "u",
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "r",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": "r",
  "io.k8s.apimachinery.pkg.runtime.RawExtension": "r",
};

const STRATEGIES: Readonly<Record<string, string>> = { merge: "m", retainKeys: "r", "merge,retainKeys": "b" };

/**
 * Encodes definitions, separated by spaces: `Name|group/version/Kind,…|@ when the map is atomic|field;field;…`, where a field is
 * `name:type:flags[=mergeKey][~default]` in the order of the Go struct.
 *
 * Types: s string, b boolean, i int32, l int64, d double, y bytes, t time, u time with microseconds, q quantity, x int-or-string, r raw object, j any
 * JSON, o object without declared fields, `#n.` definition n (base 36), `La`/`Ls`/`Lmkey,key!` list, `M` map, `@` atomic map.
 * Flags: R required, A always written, P pointer; patch strategy m, r, b (both).
 */
export class StructureEncoder {
  readonly #schemas: ReadonlyMap<string, OpenApiSchema>;
  readonly #go: GoStructs;
  readonly #order: string[] = [];
  readonly #index = new Map<string, number>();
  readonly missing: string[] = [];

  constructor(schemas: ReadonlyMap<string, OpenApiSchema>, go: GoStructs) {
    this.#schemas = schemas;
    this.#go = go;
  }

  get definitionCount(): number {
    return this.#order.length;
  }

  encode(): string {
    for (const [name, schema] of this.#schemas) if (kindsOf(name, schema).length > 0) this.#indexOf(name);
    const lines: string[] = [];
    // Encoding a line may append definitions that it refers to.
    for (let at = 0; at < this.#order.length; at++) lines.push(this.#line(this.#order[at] ?? ""));
    if (lines.some((line) => line.includes(" "))) throw new Error("a definition holds the separator");
    return lines.join(" ");
  }

  #indexOf(name: string): number {
    const known = this.#index.get(name);
    if (known !== undefined) return known;
    this.#index.set(name, this.#order.length);
    this.#order.push(name);
    return this.#order.length - 1;
  }

  #line(name: string): string {
    const schema = this.#schemas.get(name);
    if (schema === undefined) throw new Error(`no definition ${name}`);
    const properties = schema.properties ?? {};
    const go = new Map<string, GoField>();
    for (const field of this.#go.fieldsOf(name) ?? []) for (const one of expand(field)) go.set(one.name, one);
    for (const field of Object.keys(properties)) if (!go.has(field)) this.missing.push(`${name}.${field}`);
    const names = [...go.keys()].filter((field) => field in properties);
    for (const field of Object.keys(properties)) if (!names.includes(field)) names.push(field);
    const fields = names.map((field) =>
      this.#field(field, properties[field] ?? {}, schema.required?.includes(field) === true, go.get(field)),
    );
    const kinds = kindsOf(name, schema).join(",");
    const atomic = schema["x-kubernetes-map-type"] === "atomic" ? "@" : "";
    return `${name.slice(name.lastIndexOf(".") + 1)}|${kinds}|${atomic}|${fields.join(";")}`;
  }

  #field(name: string, schema: OpenApiSchema, isRequired: boolean, go: GoField | undefined): string {
    const type = this.#type(schema);
    const isPointer = go?.goType.startsWith("*") === true;
    const isStruct = go !== undefined && !isPointer && type.replace("@", "").startsWith("#");
    const isSpecialStruct = go !== undefined && !isPointer && /^[tuqxr]$/.test(type);
    const always = go !== undefined && (isStruct || isSpecialStruct ? !go.omitsZero : !go.omitsEmpty);
    const flags =
      (isRequired ? "R" : "") +
      (always ? "A" : "") +
      (isPointer ? "P" : "") +
      (STRATEGIES[schema["x-kubernetes-patch-strategy"] ?? ""] ?? "");
    const key = schema["x-kubernetes-patch-merge-key"];
    const fallback = schema.default === undefined ? "" : JSON.stringify(schema.default);
    if (/[;|\n]/.test(fallback)) throw new Error(`default of ${name} holds a separator`);
    return `${name}:${type}:${flags}${key === undefined ? "" : `=${key}`}${fallback === "" || fallback === "{}" ? "" : `~${fallback}`}`;
  }

  #type(schema: OpenApiSchema): string {
    const atomic = schema["x-kubernetes-map-type"] === "atomic" ? "@" : "";
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (reference !== undefined) return atomic + this.#reference(reference.slice(reference.lastIndexOf("/") + 1));
    switch (schema.type) {
      case "string":
        if (schema.format === "byte") return "y";
        return schema.format === "date-time" ? "t" : "s";
      case "boolean":
        return "b";
      case "integer":
        return schema.format === "int64" ? "l" : "i";
      case "number":
        return "d";
      case "array":
        return listPrefix(schema) + this.#type(schema.items ?? {});
      case "object":
        return schema.additionalProperties === undefined || typeof schema.additionalProperties === "boolean"
          ? `${atomic}o`
          : `${atomic}M${this.#type(schema.additionalProperties)}`;
      default:
        return "j";
    }
  }

  #reference(name: string): string {
    const special = SPECIAL[name];
    if (special !== undefined) return special;
    const schema = this.#schemas.get(name);
    if (schema === undefined) throw new Error(`no definition ${name}`);
    if (schema.properties === undefined) return this.#type(schema);
    return `#${this.#indexOf(name).toString(36)}.`;
  }
}

/** A list without a list type merges by its patch strategy, as the API server reads it. */
function listPrefix(schema: OpenApiSchema): string {
  const type = schema["x-kubernetes-list-type"];
  if (type === "map") return `Lm${(schema["x-kubernetes-list-map-keys"] ?? []).join(",")}!`;
  if (type === "set") return "Ls";
  const strategy = schema["x-kubernetes-patch-strategy"] ?? "";
  if (type === undefined && strategy.startsWith("merge")) {
    const key = schema["x-kubernetes-patch-merge-key"];
    return key === undefined ? "Ls" : `Lm${key}!`;
  }
  return "La";
}

function expand(field: GoField): GoField[] {
  if (field.name !== "") return [field];
  if (!field.goType.endsWith("TypeMeta")) throw new Error(`cannot expand ${field.goType}`);
  const both = { goType: "string", omitsEmpty: true, omitsZero: false };
  return [
    { name: "kind", ...both },
    { name: "apiVersion", ...both },
  ];
}

/** Options of requests are registered in every group; one entry of each is enough. */
function kindsOf(name: string, schema: OpenApiSchema): string[] {
  const kinds = schema["x-kubernetes-group-version-kind"] ?? [];
  if (name.endsWith("List") || name.endsWith(".WatchEvent")) return [];
  const wanted = kinds.length > 3 ? kinds.filter(({ group, version }) => group === "" && version === "v1") : kinds;
  return wanted.map(({ group, version, kind }) => `${group === "" ? "" : `${group}/`}${version}/${kind}`);
}
