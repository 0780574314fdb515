import type { StatusCause } from "../../refusals/api-refusal.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../../resources/kube-object.ts";
import { findMetadataProblems, findMetadataTypeProblem } from "../../writing/metadata-validation.ts";
import { childPath, invalidField, keyPath, requiredField, type FieldProblem } from "./field-problem.ts";
import { labelProblem } from "./label-problem.ts";
import { isResourceNode, propertyOf, valueSchemaOf, type JsonSchema } from "./json-schema.ts";
import type { SimResource } from "../../resources/sim-resource.ts";

/** What embedded resources violate: each needs a kind, a version and, if it has metadata, valid ones. */
export function findEmbeddedProblems(value: unknown, schema: JsonSchema | undefined, path = ""): StatusCause[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => findEmbeddedProblems(item, schema.items, keyPath(path, index)));
  }
  if (!isJsonRecord(value)) return [];
  const problems: StatusCause[] = isResourceNode(schema) ? resourceProblems(value, path) : [];
  for (const [name, member] of Object.entries(value)) {
    const property = propertyOf(schema, name);
    const at = property === undefined ? keyPath(path, name) : childPath(path, name);
    problems.push(...findEmbeddedProblems(member, property ?? valueSchemaOf(schema), at));
  }
  return problems;
}

/** The first kind or version of an embedded resource that is no text, as the refusal shows it; undefined when all are. */
export function findUnreadableIdentity(value: unknown, schema: JsonSchema | undefined, path = ""): string | undefined {
  if (schema === undefined || typeof value !== "object" || value === null) return undefined;
  if (isResourceNode(schema) && isJsonRecord(value)) {
    for (const name of ["apiVersion", "kind"]) {
      const given = value[name];
      if (given === undefined || typeof given === "string") continue;
      const { field, message } = invalidField(childPath(path, name), given, "must be a string");
      return `${field}: ${message}`;
    }
  }
  for (const [name, member] of Object.entries(value)) {
    const property = Array.isArray(value) ? undefined : propertyOf(schema, name);
    const described = Array.isArray(value) ? schema.items : (property ?? valueSchemaOf(schema));
    const at = property === undefined ? keyPath(path, name) : childPath(path, name);
    const found = findUnreadableIdentity(member, described, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resourceProblems(value: JsonRecord, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  for (const name of ["apiVersion", "kind"]) {
    if (!Object.hasOwn(value, name)) problems.push(requiredField(childPath(path, name)));
  }
  problems.push(...identityProblems(value, path));
  if (!isJsonRecord(value["metadata"])) {
    if (value["metadata"] !== undefined) {
      problems.push(invalidField(childPath(path, "metadata"), value["metadata"], "must be an object"));
    }
    return problems;
  }
  const wrong = findMetadataTypeProblem(value["metadata"]);
  if (wrong !== undefined) {
    problems.push(invalidField(childPath(path, "metadata"), value["metadata"], `wrong type of ${wrong}`));
    return problems;
  }
  // A name is not required here, and any name that can stand in a path is fine.
  const metadata = { ...value["metadata"], name: "fakename" };
  const found = findMetadataProblems({} as SimResource, { ...value, metadata } as unknown as KubeObject);
  for (const problem of found) problems.push({ ...problem, field: childPath(path, problem.field ?? "metadata") });
  return problems;
}

function identityProblems(value: JsonRecord, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { apiVersion, kind } = value;
  const at = (name: string): string => childPath(path, name);
  if (apiVersion !== undefined) {
    if (typeof apiVersion !== "string") problems.push(invalidField(at("apiVersion"), apiVersion, "must be a string"));
    else if (apiVersion === "") problems.push(invalidField(at("apiVersion"), "", "must not be empty"));
    else if (apiVersion.split("/").length > 2) {
      problems.push(invalidField(at("apiVersion"), apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
    }
  }
  if (kind === undefined) return problems;
  if (typeof kind !== "string") problems.push(invalidField(at("kind"), kind, "must be a string"));
  else if (kind === "") problems.push(invalidField(at("kind"), "", "must not be empty"));
  else {
    const why = labelProblem(kind.toLowerCase());
    if (why !== undefined)
      problems.push(invalidField(at("kind"), kind, `may have mixed case, but should otherwise match: ${why}`));
  }
  return problems;
}
