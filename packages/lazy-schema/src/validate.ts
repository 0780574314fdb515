import { createError } from "@kinglet/errors";

import { describeRange, describeValue, joinPath } from "./describe-problem.ts";
import { lazySchemaErrors } from "./errors.ts";
import type {
  ArrayNode,
  EnumNode,
  MapNode,
  NumberNode,
  ObjectNode,
  Schema,
  SchemaNode,
  StringNode,
  UnionNode,
} from "./schema.ts";
import { Secret } from "./secret.ts";

/**
 * One thing that is wrong with a value.
 *
 * @public
 */
export interface Problem {
  /** Where, like `spec.containers[2].name`; empty for the value itself. */
  readonly path: string;
  /** What is permitted and what was found; never shows a secret, always one bounded line. */
  readonly message: string;
}

/** The typed value, or everything that is wrong. @public */
export type ValidationResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Bounds against hostile input.
 *
 * @public
 */
export interface ValidationLimits {
  /** Checking ends after this many problems; one more entry says so. @defaultValue 100 */
  readonly maxProblems?: number;
  /** Nesting of values that the schema leaves open. @defaultValue 64 */
  readonly maxDepth?: number;
}

interface Context {
  readonly problems: Problem[];
  readonly maxProblems: number;
  readonly maxDepth: number;
}

/**
 * Checks a value from outside and makes the typed value: declared fields only, defaults filled in, null treated as absent where a
 * field may be absent. The input is not changed; parts left open by the schema are kept by reference.
 *
 * Keys named `__proto__` are never copied. Cost: one walk over the declared fields.
 *
 * @returns the value, or all problems, bounded by `limits`.
 *
 * @public
 */
export function validate<T>(schema: Schema<T>, value: unknown, limits: ValidationLimits = {}): ValidationResult<T> {
  const context: Context = { problems: [], maxProblems: limits.maxProblems ?? 100, maxDepth: limits.maxDepth ?? 64 };
  const parsed = read(schema, value, "", context);
  return context.problems.length === 0 ? { ok: true, value: parsed as T } : { ok: false, problems: context.problems };
}

/**
 * Like {@link validate}, for callers that have nothing to do with single problems.
 *
 * @param what - names the value in the message.
 * @throws `KINGLET_ERR_LAZY_SCHEMA_INVALID_VALUE`; `details.problems` lists every problem.
 *
 * @public
 */
export function parse<T>(schema: Schema<T>, value: unknown, what = "the value", limits: ValidationLimits = {}): T {
  const result = validate(schema, value, limits);
  if (result.ok) return result.value;
  const problems = result.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_INVALID_VALUE", {
    what,
    summary: problems.join("; "),
    problems,
  });
}

/** The typed value; meaningless when a problem was added meanwhile. */
function read(node: SchemaNode, given: unknown, path: string, context: Context): unknown {
  let value = given;
  if (value === undefined || (value === null && (node.optional === true || node.default !== undefined))) {
    if (node.default === undefined) return node.optional === true ? undefined : fail(context, path, "is required");
    value = node.default;
  }
  switch (node.kind) {
    case "string":
      return readString(node, value, path, context);
    case "number":
    case "integer":
      return readNumber(node, value, path, context);
    case "boolean":
      return typeof value === "boolean" ? value : expected(node, "true or false", value, path, context);
    case "enum":
      return readEnum(node, value, path, context);
    case "array":
      return readArray(node, value, path, context);
    case "map":
      return readMap(node, value, path, context);
    case "object":
      return isRecord(value)
        ? readObject(node, value, path, context)
        : expected(node, "an object", value, path, context);
    case "union":
      return readUnion(node, value, path, context);
    case "unknown":
      break;
  }
  if (!isDeeperThan(value, context.maxDepth)) return value;
  return fail(context, path, `must not be nested deeper than ${context.maxDepth} levels`);
}

function readString(node: StringNode, value: unknown, path: string, context: Context): unknown {
  if (typeof value !== "string") return expected(node, "a text", value, path, context);
  if (value.length < (node.min ?? 0) || value.length > (node.max ?? Infinity)) {
    return expected(node, `a text with ${describeRange(node)} characters`, value, path, context);
  }
  if (node.pattern !== undefined && value.search(node.pattern) < 0) {
    return expected(node, `a text that matches ${String(node.pattern)}`, value, path, context);
  }
  return node.secret === true ? new Secret(value) : value;
}

function readNumber(node: NumberNode, value: unknown, path: string, context: Context): unknown {
  const isRightKind = node.kind === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  const number = value as number;
  if (isRightKind && number >= (node.min ?? -Infinity) && number <= (node.max ?? Infinity)) return number;
  const noun = node.kind === "integer" ? "an integer" : "a number";
  const unit = node.unit === undefined ? "" : ` ${node.unit}`;
  const range = describeRange(node);
  const limits = range === "" ? "" : `${range.includes(" to ") ? " from" : " of"} ${range}${unit}`;
  return expected(node, noun + limits, value, path, context);
}

function readEnum(node: EnumNode, value: unknown, path: string, context: Context): unknown {
  for (const literal of node.values) if (literal === value) return value;
  return expected(node, `one of ${node.values.join(", ")}`, value, path, context);
}

function readArray(node: ArrayNode, value: unknown, path: string, context: Context): unknown {
  if (!Array.isArray(value)) return expected(node, "a list", value, path, context);
  if (value.length < (node.min ?? 0) || value.length > (node.max ?? Infinity)) {
    return fail(context, path, `must have ${describeRange(node)} items, got ${value.length}`);
  }
  const items: unknown[] = [];
  for (let index = 0; index < value.length && !isFull(context); index++) {
    items.push(read(node.item, value[index], `${path}[${index}]`, context));
  }
  return items;
}

function readMap(node: MapNode, value: unknown, path: string, context: Context): unknown {
  if (!isRecord(value)) return expected(node, "an object", value, path, context);
  const entries: Record<string, unknown> = {};
  let count = 0;
  for (const key of Object.keys(value)) {
    if (isFull(context)) break;
    if (++count > (node.max ?? Infinity)) return fail(context, path, `must have at most ${node.max} entries`);
    if (key === "__proto__" || (node.pattern !== undefined && key.search(node.pattern) < 0)) {
      fail(
        context,
        path,
        `the key ${describeValue(key)} is not permitted${node.pattern === undefined ? "" : `, keys match ${String(node.pattern)}`}`,
      );
      continue;
    }
    entries[key] = read(node.item, value[key], joinPath(path, key), context);
  }
  return entries;
}

function readObject(
  node: ObjectNode,
  value: Readonly<Record<string, unknown>>,
  path: string,
  context: Context,
  skip?: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key in node.fields) {
    if (isFull(context)) return result;
    const field = node.fields[key] as SchemaNode;
    // Own keys only: `{}.constructor` must not pass for a field of the input.
    const parsed = read(field, Object.hasOwn(value, key) ? value[key] : undefined, joinPath(path, key), context);
    if (parsed !== undefined) result[key] = parsed;
  }
  if (node.unknownKeys === "strip") return result;
  for (const key of Object.keys(value)) {
    if (key === skip || Object.hasOwn(node.fields, key)) continue;
    if (isFull(context)) return result;
    if (node.unknownKeys === "error" || key === "__proto__") fail(context, joinPath(path, key), "is not a known field");
    else if (isDeeperThan(value[key], context.maxDepth))
      fail(context, joinPath(path, key), `must not be nested deeper than ${context.maxDepth} levels`);
    else result[key] = value[key];
  }
  return result;
}

function readUnion(node: UnionNode, value: unknown, path: string, context: Context): unknown {
  if (!isRecord(value)) return expected(node, "an object", value, path, context);
  const tag = Object.hasOwn(value, node.discriminator) ? value[node.discriminator] : undefined;
  if (typeof tag !== "string" || !Object.hasOwn(node.variants, tag)) {
    const permitted = `one of ${Object.keys(node.variants).join(", ")}`;
    const where = joinPath(path, node.discriminator);
    return tag === undefined
      ? fail(context, where, `is required: ${permitted}`)
      : expected(node, permitted, tag, where, context);
  }
  const variant = node.variants[tag] as ObjectNode;
  return { [node.discriminator]: tag, ...readObject(variant, value, path, context, node.discriminator) };
}

function expected(node: SchemaNode, permitted: string, value: unknown, path: string, context: Context): undefined {
  fail(
    context,
    path,
    `must be ${permitted}, got ${node.secret === true ? "something else (not shown)" : describeValue(value)}`,
  );
}

function fail(context: Context, path: string, message: string): undefined {
  if (isFull(context)) return;
  context.problems.push({ path, message });
  if (context.problems.length === context.maxProblems) {
    context.problems.push({ path: "", message: "there may be more problems; checking ended here" });
  }
}

function isFull(context: Context): boolean {
  return context.problems.length > context.maxProblems;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Looks at one level at a time, so that no input can exhaust the stack; circular values count as too deep. */
function isDeeperThan(value: unknown, maxDepth: number): boolean {
  // Sets, because an object may be referred to many times on each level (aliases in YAML).
  let level = new Set<unknown>([value]);
  for (let depth = 0; depth < maxDepth; depth++) {
    const next = new Set<unknown>();
    for (const one of level) {
      if (typeof one !== "object" || one === null) continue;
      for (const inner of Object.values(one)) if (typeof inner === "object" && inner !== null) next.add(inner);
    }
    if (next.size === 0) return false;
    level = next;
  }
  return true;
}
