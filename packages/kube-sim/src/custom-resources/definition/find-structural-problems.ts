import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../schema/find-duplicates.ts";
import {
  childPath,
  forbiddenField,
  invalidField,
  keyPath,
  requiredField,
  type FieldProblem,
} from "../schema/field-problem.ts";
import { isResourceNode, type JsonSchema, propertyOf } from "../schema/json-schema.ts";

type Level = "root" | "item" | "field";

/** What structural schemas leave to the junctors: conditions on values, and no types. */
const FORBIDDEN_IN_JUNCTORS: readonly (readonly [string, string])[] = [
  ["type", "must be empty to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

const INT_OR_STRING: readonly JsonSchema[] = [{ type: "integer" }, { type: "string" }];

/**
 * Why a schema is not structural, sorted as the API sorts it: every node has a type, the junctors only restrict what is
 * described outside of them, and metadata is left alone.
 */
export function findStructuralProblems(
  path: string,
  schema: JsonSchema,
  patternProblem: (source: string) => string | undefined,
): FieldProblem[] {
  const check = new StructuralCheck(patternProblem);
  check.node(path, schema, "root");
  check.completeness(path, schema);
  const text = (problem: FieldProblem): string => `${problem.field}: ${problem.message}`;
  return check.problems.sort((left, right) => (text(left) < text(right) ? -1 : text(left) > text(right) ? 1 : 0));
}

class StructuralCheck {
  readonly problems: FieldProblem[] = [];
  readonly #patternProblem: (source: string) => string | undefined;

  constructor(patternProblem: (source: string) => string | undefined) {
    this.#patternProblem = patternProblem;
  }

  node(path: string, schema: JsonSchema, level: Level): void {
    const at = (name: string): string => childPath(path, name);
    if (schema.type === "array" && schema.items === undefined)
      this.problems.push(requiredField(at("items"), "must be specified"));
    if (schema.items !== undefined) this.node(at("items"), schema.items, "item");
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      this.node(keyPath(at("properties"), name), property, "field");
    }
    const values = schema.additionalProperties;
    if (values !== undefined && level === "root") {
      this.problems.push(forbiddenField(at("additionalProperties"), "must not be used at the root"));
    }
    if (typeof values === "object") this.node(at("additionalProperties"), values, "field");
    this.#extensions(path, schema);
    this.#conditions(path, schema, level);
    this.#type(path, schema, level);
    this.#resource(path, schema, level);
  }

  /** Everything that the junctors at the root speak of must be described outside of them too; the server looks no deeper. */
  completeness(path: string, schema: JsonSchema): void {
    for (const [where, part] of junctorsOf(schema)) this.#missing(childPath(path, where), part, schema, path);
  }

  #missing(path: string, part: JsonSchema, described: JsonSchema | undefined, describedPath: string): void {
    for (const [where, nested] of junctorsOf(part))
      this.#missing(childPath(path, where), nested, described, describedPath);
    if (part.items !== undefined) {
      if (described?.items === undefined) {
        this.problems.push(
          requiredField(childPath(describedPath, "items"), `because it is defined in ${childPath(path, "items")}`),
        );
      } else {
        this.#missing(childPath(path, "items"), part.items, described.items, childPath(describedPath, "items"));
      }
    }
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      const from = keyPath(childPath(path, "properties"), name);
      const to = keyPath(childPath(describedPath, "properties"), name);
      const found = propertyOf(described, name);
      if (found === undefined) this.problems.push(requiredField(to, `because it is defined in ${from}`));
      else this.#missing(from, property, found, to);
    }
  }

  #extensions(path: string, schema: JsonSchema): void {
    if (schema["x-kubernetes-int-or-string"] !== true) return;
    for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"]) {
      if (schema[name] !== true) continue;
      this.problems.push(
        invalidField(childPath(path, name), true, "must be false if x-kubernetes-int-or-string is true"),
      );
    }
  }

  #type(path: string, schema: JsonSchema, level: Level): void {
    const { type = "" } = schema;
    const at = childPath(path, "type");
    if (isResourceNode(schema) && type !== "object") {
      const text = "must be object if x-kubernetes-embedded-resource is true";
      this.problems.push(type === "" ? requiredField(at, text) : invalidField(at, type, text));
    } else if (
      type === "" &&
      schema["x-kubernetes-int-or-string"] !== true &&
      schema["x-kubernetes-preserve-unknown-fields"] !== true
    ) {
      const places = { root: "at the root", item: "for specified array items", field: "for specified object fields" };
      this.problems.push(requiredField(at, `must not be empty ${places[level]}`));
    }
    if (level === "root" && type !== "" && type !== "object") {
      this.problems.push(invalidField(at, type, "must be object at the root"));
    }
  }

  #resource(path: string, schema: JsonSchema, level: Level): void {
    const isEmbedded = isResourceNode(schema);
    const at = (name: string): string => childPath(path, name);
    if (isEmbedded && schema.additionalProperties !== undefined) {
      this.problems.push(
        forbiddenField(at("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set"),
      );
    }
    const properties = schema.properties ?? {};
    if (level === "root" || isEmbedded) {
      for (const name of ["kind", "apiVersion"]) {
        const type = properties[name]?.type ?? "";
        if (properties[name] === undefined || type === "string") continue;
        this.problems.push(invalidField(`${keyPath(at("properties"), name)}.type`, type, "must be string"));
      }
    }
    const { metadata } = properties;
    if (metadata !== undefined)
      this.#metadata(keyPath(at("properties"), "metadata"), metadata, level, level === "root" || isEmbedded);
    if (isEmbedded && schema["x-kubernetes-preserve-unknown-fields"] !== true && Object.keys(properties).length === 0) {
      const text =
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
      this.problems.push(requiredField(at("properties"), text));
    }
  }

  #metadata(path: string, schema: JsonSchema, level: Level, isChecked: boolean): void {
    const { type = "", properties, default: _default, ...rest } = schema;
    if (isChecked && type !== "object")
      this.problems.push(invalidField(childPath(path, "type"), type, "must be object"));
    if (level !== "root") return;
    const names = Object.keys(properties ?? {});
    const isFine = names.every((name) => name === "name" || name === "generateName");
    const others = Object.entries(rest).filter(
      ([name, value]) => name !== "type" && value !== undefined && value !== "",
    );
    if (isFine && others.length === 0) return;
    const text = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    this.problems.push(forbiddenField(path, text));
  }

  #conditions(path: string, schema: JsonSchema, level: Level): void {
    const skipsAnyOf = isDeepStrictEqual(schema.anyOf, INT_OR_STRING);
    const skipsFirst = isDeepStrictEqual(schema.allOf?.[0]?.anyOf, INT_OR_STRING);
    for (const [where, part] of junctorsOf(schema)) {
      if (skipsAnyOf && where.startsWith("anyOf")) continue;
      this.#nested(childPath(path, where), part, level, skipsFirst && where === "allOf[0]");
    }
    const { pattern } = schema;
    const why = pattern === undefined || pattern === "" ? undefined : this.#patternProblem(pattern);
    if (why === undefined) return;
    const text = `must be a valid regular expression, but isn't: error parsing regexp: ${why}`;
    this.problems.push(invalidField(childPath(path, "pattern"), pattern, text));
  }

  #nested(path: string, part: JsonSchema, level: Level, skipsAnyOf: boolean): void {
    this.#conditions(path, skipsAnyOf ? { ...part, anyOf: [] } : part, level);
    if (part.items !== undefined) this.#nested(childPath(path, "items"), part.items, level, false);
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      this.#nested(keyPath(childPath(path, "properties"), name), property, "field", false);
    }
    for (const [name, text] of FORBIDDEN_IN_JUNCTORS) {
      if (isSet(part[name])) this.problems.push(forbiddenField(childPath(path, name), text));
    }
    if (part.additionalProperties !== undefined) {
      this.problems.push(forbiddenField(childPath(path, "additionalProperties"), "must be undefined to be structural"));
    }
    if (part.properties?.["metadata"] !== undefined) {
      const text = "must not be specified in a nested context";
      this.problems.push(forbiddenField(keyPath(childPath(path, "properties"), "metadata"), text));
    }
  }
}

/** Everything below a node that only restricts values, with its place. */
export function junctorsOf(schema: JsonSchema): (readonly [string, JsonSchema])[] {
  const parts: (readonly [string, JsonSchema])[] = [];
  schema.anyOf?.forEach((part, index) => parts.push([`anyOf[${index}]`, part]));
  schema.allOf?.forEach((part, index) => parts.push([`allOf[${index}]`, part]));
  schema.oneOf?.forEach((part, index) => parts.push([`oneOf[${index}]`, part]));
  if (schema.not !== undefined) parts.push(["not", schema.not]);
  return parts;
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === false || value === "") return false;
  return !Array.isArray(value) || canonicalJson(value) !== "[]";
}
