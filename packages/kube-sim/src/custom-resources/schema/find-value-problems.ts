import { isJsonRecord, type JsonRecord } from "../../resources/kube-object.ts";
import {
  fieldOrNil,
  invalidField,
  notSupported,
  requiredField,
  tooLong,
  tooMany,
  wrongType,
  type FieldProblem,
} from "./field-problem.ts";
import { canonicalJson } from "./find-duplicates.ts";
import { isResourceField, propertyOf, valueSchemaOf, type JsonSchema } from "./json-schema.ts";
import type { LinearPattern } from "../../patterns/linear-pattern.ts";
import type { OldValue } from "./old-value.ts";
import { hasFormat, isKnownFormat } from "./string-formats.ts";

/** What validation needs besides schema and value. */
export interface ValueCheck {
  /** The compiled form of a pattern of the schema; undefined when it is none. */
  readonly patternOf: (source: string) => LinearPattern | undefined;
  /** Prefix of all paths, without a trailing dot; "" at the top. */
  readonly path: string;
  /** What the value replaces; problems of an unchanged part are not reported. */
  readonly old?: OldValue | undefined;
}

/**
 * Everything a value violates, in the order and words of the API.
 *
 * Cost: linear in value × depth of the junctors in the schema.
 */
export function findValueProblems(value: unknown, schema: JsonSchema, check: ValueCheck): readonly FieldProblem[] {
  return new ValueWalk(check).visit(value, schema, "", check.old).problems;
}

/** What a node of the value got: its problems, and how many checks it passed, which ranks the alternatives of a junctor. */
class Outcome {
  readonly problems: FieldProblem[] = [];
  passed = 0;

  get isValid(): boolean {
    return this.problems.length === 0;
  }

  add(...problems: readonly FieldProblem[]): void {
    for (const problem of problems) {
      const isKnown = this.problems.some((known) => known.message === problem.message && known.field === problem.field);
      if (!isKnown) this.problems.push(problem);
    }
  }

  merge(other: Outcome): void {
    this.add(...other.problems);
    this.passed += other.passed;
  }
}

class ValueWalk {
  readonly #check: ValueCheck;

  constructor(check: ValueCheck) {
    this.#check = check;
  }

  visit(value: unknown, schema: JsonSchema, path: string, old: OldValue | undefined): Outcome {
    const outcome = this.#visitNode(value, schema, path, old);
    if (outcome.isValid || old === undefined || !old.isUnchanged) return outcome;
    const forgiven = new Outcome();
    forgiven.passed = outcome.passed;
    return forgiven;
  }

  #visitNode(value: unknown, schema: JsonSchema, path: string, old: OldValue | undefined): Outcome {
    const outcome = new Outcome();
    this.#checkType(value, schema, path, outcome);
    if (value !== null) {
      this.#checkJunctors(value, schema, path, old, outcome);
      if (typeof value === "string") this.#checkText(value, schema, path, outcome);
      if (typeof value === "number") this.#checkNumber(value, schema, path, outcome);
      if (Array.isArray(value)) this.#checkList(value, schema, path, old, outcome);
    }
    if (schema.enum !== undefined && schema.enum.length > 0 && !isListed(value, schema.enum)) {
      const supported = schema.enum.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
      outcome.add(notSupported(this.#field(path), value, supported));
    } else {
      outcome.passed++;
    }
    if (isJsonRecord(value)) this.#checkObject(value, schema, path, old, outcome);
    return outcome;
  }

  #checkType(value: unknown, schema: JsonSchema, path: string, outcome: Outcome): void {
    const types = typesOf(schema);
    const format = formatOf(schema);
    if (types.length === 0 && format === undefined) return;
    const wrong = (wanted: string, got: string): void => {
      outcome.add(
        wrongType(this.#field(path), got, `${this.#text(path)} must be of type ${wanted}: ${JSON.stringify(got)}`),
      );
    };
    if (value === null) {
      if (types.length > 0 && schema.nullable !== true) wrong(types.join(","), "null");
      return;
    }
    const type = jsonTypeOf(value);
    const isNumeric = types.includes("number") || types.includes("integer");
    const fits = types.includes(type) || (type === "integer" && types.includes("number"));
    if (format !== undefined && type !== "string" && type !== "array" && !fits) {
      wrong(format, type === "integer" ? "int64" : type === "number" ? "float64" : "");
      return;
    }
    // A text with a format is left to the check of the format.
    if (format !== undefined && !isNumeric && (type === "string" || type === "array")) return;
    if (fits) outcome.passed++;
    else wrong(types.join(","), type);
  }

  #checkJunctors(value: unknown, schema: JsonSchema, path: string, old: OldValue | undefined, outcome: Outcome): void {
    const { anyOf, oneOf, allOf, not } = schema;
    const say = (text: string): void =>
      outcome.add(invalidField(fieldOrNil(this.#check.path), "", `"${path}" ${text}`));
    if (anyOf !== undefined && anyOf.length > 0) {
      const results = anyOf.map((part) => this.#visitNode(value, part, path, old));
      const success = results.find((result) => result.isValid);
      if (success === undefined) say("must validate at least one schema (anyOf)");
      outcome.merge(success ?? closest(results));
    }
    if (oneOf !== undefined && oneOf.length > 0) {
      const results = oneOf.map((part) => this.#visitNode(value, part, path, old));
      const successes = results.filter((result) => result.isValid);
      if (successes.length === 1) outcome.merge(successes[0] ?? new Outcome());
      else {
        const found = successes.length === 0 ? "Found none valid" : `Found ${successes.length} valid alternatives`;
        say(`must validate one and only one schema (oneOf). ${found}`);
        if (successes.length === 0) outcome.merge(closest(results));
      }
    }
    if (allOf !== undefined && allOf.length > 0) {
      const results = allOf.map((part) => this.#visitNode(value, part, path, old));
      for (const result of results) outcome.merge(result);
      const valid = results.filter((result) => result.isValid).length;
      if (valid < results.length) say(`must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`);
    }
    if (not !== undefined && this.#visitNode(value, not, path, old).isValid) say("must not validate the schema (not)");
  }

  #checkText(value: string, schema: JsonSchema, path: string, outcome: Outcome): void {
    const { maxLength, minLength, pattern } = schema;
    const length = maxLength === undefined && minLength === undefined ? 0 : codePointCount(value);
    const field = this.#field(path);
    if (maxLength !== undefined && length > maxLength) {
      outcome.add(tooLong(field, maxLength));
    } else if (minLength !== undefined && length < minLength) {
      outcome.add(invalidField(field, value, `${this.#text(path)} should be at least ${minLength} chars long`));
    } else if (pattern !== undefined && pattern !== "" && this.#check.patternOf(pattern)?.test(value) === false) {
      outcome.add(invalidField(field, value, `${this.#text(path)} should match '${pattern}'`));
    } else {
      outcome.passed++;
    }
    const format = formatOf(schema);
    if (format === undefined) return;
    if (hasFormat(format, value)) outcome.passed++;
    else
      outcome.add(wrongType(field, value, `${this.#text(path)} must be of type ${format}: ${JSON.stringify(value)}`));
  }

  #checkNumber(value: number, schema: JsonSchema, path: string, outcome: Outcome): void {
    const { multipleOf, minimum, exclusiveMinimum = false, maximum, exclusiveMaximum = false } = schema;
    const before = outcome.problems.length;
    const say = (text: string): void =>
      outcome.add(invalidField(this.#field(path), value, `${this.#text(path)} should be ${text}`));
    if (schema.type === "integer" && !Number.isInteger(value)) {
      const text = `Checked value must be of type integer (default format) in ${path}`;
      outcome.add(invalidField(fieldOrNil(this.#check.path), "", text));
    }
    if (
      schema.type === "integer" &&
      formatOf(schema) === "int32" &&
      (value < -2_147_483_648 || value > 2_147_483_647)
    ) {
      const text = `Checked value must be of type integer with format int32 in ${path}`;
      outcome.add(invalidField(fieldOrNil(this.#check.path), "", text));
    }
    if (multipleOf !== undefined && !isMultipleOf(value, multipleOf)) say(`a multiple of ${multipleOf}`);
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
      say(`greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`);
    }
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
      say(`less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`);
    }
    if (outcome.problems.length === before) outcome.passed++;
  }

  #checkList(
    list: readonly unknown[],
    schema: JsonSchema,
    path: string,
    old: OldValue | undefined,
    outcome: Outcome,
  ): void {
    const { items, minItems, maxItems } = schema;
    if (items !== undefined) {
      list.forEach((item, index) => {
        outcome.merge(this.visit(item, items, `${path}[${index}]`, old?.element(index, items)));
      });
    }
    const field = this.#field(path);
    if (minItems !== undefined && list.length < minItems) {
      outcome.add(invalidField(field, list.length, `${this.#text(path)} should have at least ${minItems} items`));
    }
    if (maxItems !== undefined && list.length > maxItems) outcome.add(tooMany(field, list.length, maxItems));
    outcome.passed++;
  }

  #checkObject(value: JsonRecord, schema: JsonSchema, path: string, old: OldValue | undefined, outcome: Outcome): void {
    const { minProperties, maxProperties, required = [] } = schema;
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    const field = this.#field(path);
    if (minProperties !== undefined && names.length < minProperties) {
      outcome.add(
        invalidField(field, names.length, `${this.#text(path)} should have at least ${minProperties} properties`),
      );
    }
    if (maxProperties !== undefined && names.length > maxProperties) {
      outcome.add(tooMany(field, names.length, maxProperties));
    }
    const values = valueSchemaOf(schema);
    for (const name of names) {
      const property = propertyOf(schema, name);
      const described = property ?? values;
      if (described === undefined) {
        if (schema.additionalProperties === false) {
          const text = `${path}.${name} in body is a forbidden property`;
          outcome.add(invalidField(field, "", text));
        }
        continue;
      }
      const at = property !== undefined && path === "" ? name : `${path}.${name}`;
      // Old and new kind and version always agree here, so a problem with them must not be taken for an old one.
      const previous =
        path === "" && isResourceField(name) && name !== "metadata" ? undefined : old?.member(name, described);
      outcome.merge(this.visit(value[name], described, at, previous));
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) outcome.add(requiredField(this.#field(`${path}.${name}`)));
    }
    outcome.passed++;
  }

  #field(path: string): string {
    const own = path.startsWith(".") ? path.slice(1) : path;
    if (this.#check.path === "") return fieldOrNil(own);
    if (own === "") return this.#check.path;
    return own.startsWith("[") ? `${this.#check.path}.${own}` : `${this.#check.path}.${own}`;
  }

  /** How messages name a value: the path, and where it was sent. */
  #text(path: string): string {
    return `${path} in body`;
  }
}

function closest(results: readonly Outcome[]): Outcome {
  let best = results[0] ?? new Outcome();
  for (const result of results) if (result.passed > best.passed) best = result;
  return best;
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
  return schema.type === undefined || schema.type === "" ? [] : [schema.type];
}

function formatOf(schema: JsonSchema): string | undefined {
  const { format } = schema;
  if (format === undefined || format === "") return undefined;
  return isKnownFormat(schema.type, format) ? format : undefined;
}

function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isListed(value: unknown, list: readonly unknown[]): boolean {
  // Null is in no list, even in one that has it: allowing it is what `nullable` is for.
  if (value === null) return false;
  const text = canonicalJson(value);
  return list.some((item) => canonicalJson(item) === text);
}

function isMultipleOf(value: number, factor: number): boolean {
  if (factor <= 0) return false;
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function codePointCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
