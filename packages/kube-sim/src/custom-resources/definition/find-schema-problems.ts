import {
  childPath,
  forbiddenField,
  invalidField,
  keyPath,
  notSupported,
  requiredField,
  type FieldProblem,
} from "../schema/field-problem.ts";
import { isResourceField, isResourceNode, propertyOf, type JsonSchema } from "../schema/json-schema.ts";
import type { RuleCosts, RulePlace } from "./rule-costs.ts";
import { findRuleFormProblems } from "./find-rule-form-problems.ts";

const TYPES: readonly string[] = ["array", "boolean", "integer", "number", "object", "string"];

/** Fields of the schema language that this API does not support. */
const UNSUPPORTED: readonly string[] = [
  "id",
  "additionalItems",
  "patternProperties",
  "definitions",
  "dependencies",
  "$ref",
];

/** Where a node stands. */
export interface SchemaPlace extends RulePlace {
  /** Why no defaults are allowed here; undefined where they are. */
  readonly noDefaults: string | undefined;
  readonly isInMetadata: boolean;
  /** Checks the rules of the nodes; undefined where there can be none. */
  readonly rules: RuleCosts | undefined;
}

/** What is wrong with a schema besides its structure: extensions, lists, and the rules. Rules last, as the API has it. */
export function findSchemaProblems(schema: JsonSchema, place: SchemaPlace): FieldProblem[] {
  const walk = new SchemaWalk();
  const { schemaProblems, ruleProblems } = walk.visit(schema, place);
  return [...schemaProblems, ...ruleProblems];
}

interface FoundProblems {
  readonly schemaProblems: FieldProblem[];
  readonly ruleProblems: FieldProblem[];
}

class SchemaWalk {
  visit(schema: JsonSchema, place: SchemaPlace): FoundProblems {
    const found: FoundProblems = { schemaProblems: nodeProblems(schema, place), ruleProblems: [] };
    for (const [child, where] of childrenOf(schema, place)) {
      const below = this.visit(child, where);
      found.schemaProblems.push(...below.schemaProblems);
      found.ruleProblems.push(...below.ruleProblems);
    }
    found.schemaProblems.push(...extensionProblems(schema, place.path), ...findRuleFormProblems(schema, place.path));
    // Rules are compiled only where everything below is described properly.
    if (found.schemaProblems.length === 0 && place.rules !== undefined) {
      found.ruleProblems.push(...place.rules.check(schema, place));
    }
    return found;
  }
}

function childrenOf(schema: JsonSchema, place: SchemaPlace): (readonly [JsonSchema, SchemaPlace])[] {
  const at = (name: string): string => childPath(place.path, name);
  const children: (readonly [JsonSchema, SchemaPlace])[] = [];
  const inside = { ...place, isRoot: false };
  const values = schema.additionalProperties;
  if (typeof values === "object") {
    const noDefaults = place.isInMetadata
      ? "inside additionalProperties applying to object metadata"
      : place.noDefaults;
    const rules = place.rules?.below(schema.maxProperties);
    children.push([values, { ...inside, path: at("additionalProperties"), noDefaults, rules }]);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMetadata = (place.isRoot || isResourceNode(schema)) && isResourceField(name);
    const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
    children.push([
      property,
      {
        ...inside,
        path: keyPath(at("properties"), name),
        isInMetadata: place.isInMetadata || isMetadata,
        noDefaults: isMetadata && place.isRoot ? `in top-level ${name}` : place.noDefaults,
        uncorrelatable: place.uncorrelatable ?? (isAtomic ? place.path : undefined),
      },
    ]);
  }
  for (const kind of ["allOf", "oneOf", "anyOf"] as const) {
    schema[kind]?.forEach((part, index) => {
      children.push([part, { ...inside, path: keyPath(at(kind), index), rules: undefined }]);
    });
  }
  if (schema.not !== undefined) children.push([schema.not, { ...inside, path: at("not"), rules: undefined }]);
  if (schema.items !== undefined && !Array.isArray(schema.items)) {
    const isMap = schema["x-kubernetes-list-type"] === "map";
    const uncorrelatable = place.uncorrelatable ?? (isMap ? undefined : place.path);
    const rules = place.rules?.below(schema.maxItems);
    children.push([schema.items, { ...inside, path: at("items"), uncorrelatable, rules }]);
  }
  return children;
}

function nodeProblems(schema: JsonSchema, place: SchemaPlace): FieldProblem[] {
  const at = (name: string): string => childPath(place.path, name);
  const problems: FieldProblem[] = [];
  const { type = "" } = schema;
  if (type !== "" && !TYPES.includes(type)) problems.push(notSupported(at("type"), type, TYPES));
  if (schema.default !== undefined && place.noDefaults !== undefined) {
    problems.push(forbiddenField(at("default"), `must not be set ${place.noDefaults}`.trim()));
  }
  for (const name of UNSUPPORTED) {
    const value = schema[name];
    const isEmpty =
      value === undefined ||
      value === "" ||
      (typeof value === "object" && value !== null && Object.keys(value).length === 0 && name !== "additionalItems");
    if (!isEmpty) problems.push(forbiddenField(at(name), `${name} is not supported`));
  }
  if (type === "null")
    problems.push(forbiddenField(at("type"), "type cannot be set to null, use nullable as an alternative"));
  if (Array.isArray(schema.items))
    problems.push(forbiddenField(at("items"), "items must be a schema object and not an array"));
  if (place.isInMetadata && isResourceNode(schema)) {
    problems.push(forbiddenField(at("x-kubernetes-embedded-resource"), "must not be used inside of resource meta"));
  }
  if (schema.uniqueItems === true) {
    const text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    problems.push(forbiddenField(at("uniqueItems"), text));
  }
  const values = schema.additionalProperties;
  if (Object.keys(schema.properties ?? {}).length > 0 && (values === false || typeof values === "object")) {
    problems.push(
      forbiddenField(at("additionalProperties"), "additionalProperties and properties are mutual exclusive"),
    );
  }
  return problems;
}

function extensionProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const at = (name: string): string => childPath(path, name);
  const problems: FieldProblem[] = [];
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    problems.push(invalidField(at("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"));
  }
  const mapType = schema["x-kubernetes-map-type"];
  const listType = schema["x-kubernetes-list-type"];
  if (mapType !== undefined && schema.type !== "object")
    problems.push(typeProblem(at("type"), schema.type, "object", "x-kubernetes-map-type"));
  if (mapType !== undefined && mapType !== "atomic" && mapType !== "granular") {
    problems.push(notSupported(at("x-kubernetes-map-type"), mapType, ["atomic", "granular"]));
  }
  if (listType !== undefined && schema.type !== "array") {
    problems.push(typeProblem(at("type"), schema.type, "array", "x-kubernetes-list-type"));
  } else if (listType === "set" && schema.items !== undefined) {
    problems.push(...setProblems(schema.items, at("items")));
  }
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType)) {
    problems.push(notSupported(at("x-kubernetes-list-type"), listType, ["atomic", "set", "map"]));
  }
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length > 0 && listType !== "map") {
    const text = "must be map if x-kubernetes-list-map-keys is non-empty";
    const field = at("x-kubernetes-list-type");
    problems.push(listType === undefined ? requiredField(field, text) : invalidField(field, listType, text));
  }
  if (listType === "map") problems.push(...listMapProblems(schema, keys, path));
  if (schema.items !== undefined && (listType === "map" || listType === "set"))
    problems.push(...keyProblems(schema, keys, path));
  return problems;
}

function typeProblem(field: string, type: string | undefined, wanted: string, cause: string): FieldProblem {
  const text = `must be ${wanted} if ${cause} is specified`;
  return type === undefined || type === "" ? requiredField(field, text) : invalidField(field, type, text);
}

function setProblems(items: JsonSchema, path: string): FieldProblem[] {
  const text = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic") {
    return [invalidField(childPath(path, "x-kubernetes-list-type"), listType, text)];
  }
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic") {
    return [invalidField(childPath(path, "x-kubernetes-map-type"), listType ?? null, text)];
  }
  return [];
}

function listMapProblems(schema: JsonSchema, keys: readonly string[], path: string): FieldProblem[] {
  const at = (name: string): string => childPath(path, name);
  const problems: FieldProblem[] = [];
  const { items } = schema;
  if (keys.length === 0) {
    problems.push(
      requiredField(at("x-kubernetes-list-map-keys"), "must not be empty if x-kubernetes-list-type is map"),
    );
  }
  if (items === undefined) {
    problems.push(requiredField(at("items"), "must have a schema if x-kubernetes-list-type is map"));
    return problems;
  }
  if (items.type !== "object") {
    problems.push(
      invalidField(
        `${at("items")}.type`,
        items.type ?? "",
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
    return problems;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = propertyOf(items, key);
    if (property === undefined) {
      problems.push(
        invalidField(at("x-kubernetes-list-map-keys"), keys, "entries must all be names of item properties"),
      );
    } else if (property.type === "array" || property.type === "object") {
      const field = `${keyPath(`${at("items")}.properties`, key)}.type`;
      problems.push(
        invalidField(field, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"),
      );
    }
    if (seen.has(key))
      problems.push(invalidField(at("x-kubernetes-list-map-keys"), keys, "must not contain duplicate entries"));
    seen.add(key);
  }
  return problems;
}

function keyProblems(schema: JsonSchema, keys: readonly string[], path: string): FieldProblem[] {
  const items = schema.items ?? {};
  const listType = schema["x-kubernetes-list-type"];
  const at = childPath(path, "items");
  const problems: FieldProblem[] = [];
  if (items.nullable === true) {
    problems.push(
      forbiddenField(`${at}.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType ?? ""}`),
    );
  }
  if (listType !== "map") return problems;
  for (const key of keys) {
    const property = propertyOf(items, key);
    if (property === undefined) continue;
    const field = keyPath(`${at}.properties`, key);
    if (items.required?.includes(key) !== true && property.default === undefined) {
      const text =
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
      problems.push(requiredField(`${field}.default`, text));
    }
    if (property.nullable === true) {
      problems.push(
        forbiddenField(`${field}.nullable`, "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"),
      );
    }
  }
  return problems;
}
