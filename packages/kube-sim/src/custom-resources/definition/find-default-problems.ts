import { isDeepStrictEqual } from "node:util";
import type { StatusCause } from "../../refusals/api-refusal.ts";
import type { RuleCompiler } from "../rules/rule-compiler.ts";
import { SchemaRules } from "../rules/schema-rules.ts";
import { findEmbeddedProblems } from "../schema/find-embedded-problems.ts";
import { childPath, invalidField, keyPath } from "../schema/field-problem.ts";
import { findValueProblems } from "../schema/find-value-problems.ts";
import { isResourceField, isResourceNode, type JsonSchema } from "../schema/json-schema.ts";
import { pruneValue } from "../schema/prune-object.ts";

/** Defaults that do not fit their own schema: wrong values, unknown fields, violated rules. */
export function findDefaultProblems(path: string, schema: JsonSchema, compiler: RuleCompiler): StatusCause[] {
  return visit(path, schema, compiler, { isResource: true, isInMetadata: false });
}

function visit(
  path: string,
  schema: JsonSchema,
  compiler: RuleCompiler,
  place: { readonly isResource: boolean; readonly isInMetadata: boolean },
): StatusCause[] {
  const isResource = place.isResource || isResourceNode(schema);
  const isInMetadata = place.isInMetadata && !isResource;
  const problems: StatusCause[] = [];
  if (schema.default !== undefined)
    problems.push(...ownProblems(childPath(path, "default"), schema, compiler, isInMetadata));
  if (schema.items !== undefined) {
    problems.push(...visit(childPath(path, "items"), schema.items, compiler, { isResource: false, isInMetadata }));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = keyPath(childPath(path, "properties"), name);
    const isMeta = isInMetadata || (isResource && isResourceField(name));
    problems.push(...visit(at, property, compiler, { isResource: false, isInMetadata: isMeta }));
  }
  return problems;
}

function ownProblems(path: string, schema: JsonSchema, compiler: RuleCompiler, isInMetadata: boolean): StatusCause[] {
  const problems: StatusCause[] = [];
  const value = schema.default;
  if (!isInMetadata) {
    const pruned = structuredClone(value);
    pruneValue(pruned, schema);
    if (!isDeepStrictEqual(pruned, value)) problems.push(invalidField(path, value, "must not have unknown fields"));
    const embedded = findEmbeddedProblems(value, schema, path);
    if (embedded.length > 0) return [...problems, ...embedded];
  }
  const wrong = findValueProblems(value, schema, { path, patternOf: (source) => compiler.patternOf(source) });
  if (wrong.length > 0) return [...problems, ...wrong];
  const rules = new SchemaRules(schema, compiler, isResourceNode(schema));
  const violated = rules.findProblems({ object: value, old: value }, path);
  return [
    ...problems,
    ...(violated.length > 0 ? violated : rules.findProblems({ object: value, old: undefined }, path)),
  ];
}
