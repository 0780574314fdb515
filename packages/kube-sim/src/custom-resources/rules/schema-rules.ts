import { isJsonRecord } from "../../resources/kube-object.ts";
import {
  childPath,
  fieldOrNil,
  invalidField,
  keyPath,
  omittedValue,
  type FieldProblem,
} from "../schema/field-problem.ts";
import { isResourceField, isResourceNode, propertyOf, valueSchemaOf, type JsonSchema } from "../schema/json-schema.ts";
import { OldValue } from "../schema/old-value.ts";
import { type CelVariables, CelCostExceeded, CelFault, CelOptional, celValueOf } from "../../cel/cel-values.ts";
import { normaliseFieldPath } from "./field-path.ts";
import type { CompiledRule, RuleCompiler } from "./rule-compiler.ts";
import { celTypeOf } from "./schema-cel-type.ts";

/** Cost units that one rule may use. */
const COST_PER_RULE = 1_000_000;
/** Cost units that all rules of one object may use. */
const COST_PER_OBJECT = 10_000_000;

/** The rules of one node of a schema and of those below it. */
interface RuleNode {
  readonly schema: JsonSchema;
  readonly isRoot: boolean;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly values: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

/** An object that is to be checked, and the one it replaces. */
export interface RuleSubject {
  readonly object: unknown;
  readonly old: unknown;
  /** Told about what an unchanged part violates. */
  readonly warn?: ((text: string) => void) | undefined;
}

/**
 * The `x-kubernetes-validations` of a schema, compiled once.
 *
 * Never silently true: a rule that cannot be run is a problem of every object.
 */
export class SchemaRules {
  readonly #root: RuleNode | undefined;
  readonly #compiler: RuleCompiler;
  #budget = 0;

  constructor(schema: JsonSchema, compiler: RuleCompiler, isRoot: boolean) {
    this.#compiler = compiler;
    this.#root = compileNode(schema, compiler, isRoot);
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  /**
   * Every violated rule, at the place of the value.
   *
   * @param path - of the object; "" for a resource.
   */
  findProblems(subject: RuleSubject, path = ""): FieldProblem[] {
    if (this.#root === undefined) return [];
    this.#budget = COST_PER_OBJECT;
    const problems: FieldProblem[] = [];
    const old = subject.old === undefined ? undefined : new OldValue(subject.object, subject.old, this.#root.schema);
    try {
      this.#visit(
        this.#root,
        subject.object,
        { path, old, isForgiven: old?.isUnchanged ?? false, warn: subject.warn },
        problems,
      );
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
    }
    return problems;
  }

  #visit(node: RuleNode, value: unknown, at: RulePosition, problems: FieldProblem[]): void {
    if (value === null || value === undefined) return;
    this.#runRules(node, value, at, problems);
    if (Array.isArray(value)) {
      const { items } = node;
      if (items === undefined) return;
      value.forEach((item, index) => {
        this.#visit(items, item, below(at, keyPath(at.path, index), at.old?.element(index, items.schema)), problems);
      });
    } else if (isJsonRecord(value)) {
      for (const name of Object.keys(value)) {
        const property = node.properties.get(name);
        const next = property ?? node.values;
        if (next === undefined) continue;
        const path = property === undefined ? keyPath(at.path, name) : childPath(at.path, name);
        const isIdentity = at.path === "" && isResourceField(name) && name !== "metadata";
        this.#visit(
          next,
          value[name],
          below(at, path, isIdentity ? undefined : at.old?.member(name, next.schema)),
          problems,
        );
      }
    }
  }

  #runRules(node: RuleNode, value: unknown, at: RulePosition, problems: FieldProblem[]): void {
    if (node.rules.length === 0) return;
    const { schema } = node;
    const self = celValueOf(value, schema, node.isRoot);
    const old = at.old?.old;
    const hasOld = old !== undefined && old !== null;
    const oldSelf = hasOld ? celValueOf(old, schema, node.isRoot) : undefined;
    for (const compiled of node.rules) {
      if (compiled.problem === undefined && compiled.node === undefined) continue;
      const isOptional = compiled.rule.optionalOldSelf === true;
      if (compiled.usesOldSelf && !hasOld && !isOptional) continue;
      const optionalOld = hasOld ? new CelOptional(true, oldSelf) : new CelOptional(false);
      const variables: CelVariables = new Map([
        ["self", self],
        ["oldSelf", isOptional ? optionalOld : oldSelf],
      ]);
      this.#runRule(compiled, variables, { node, value, at }, problems);
    }
  }

  #runRule(
    compiled: CompiledRule,
    variables: CelVariables,
    { node, value, at }: { readonly node: RuleNode; readonly value: unknown; readonly at: RulePosition },
    problems: FieldProblem[],
  ): void {
    const { rule } = compiled;
    const type = node.schema.type ?? "";
    const field = fieldOrNil(at.path);
    if (compiled.problem !== undefined || compiled.node === undefined) {
      problems.push(invalidField(field, type, `rule compile error: ${compiled.problem ?? ""}`));
      return;
    }
    let outcome: unknown;
    try {
      outcome = this.#evaluate(compiled.node, variables);
    } catch (error) {
      this.#reportFault(error, compiled, { field, type }, problems);
      return;
    }
    if (outcome === true) return;
    const normalised =
      rule.fieldPath === undefined || rule.fieldPath === "" ? "" : normaliseFieldPath(rule.fieldPath, node.schema);
    const target =
      normalised === ""
        ? field
        : normalised.startsWith("[")
          ? `${at.path}${normalised}`
          : childPath(at.path, normalised);
    const message = this.#message(compiled, variables);
    const shown = type === "object" || type === "array" ? omittedValue : value;
    const problem = ruleProblem(target, shown, message, rule.reason);
    if (!compiled.usesOldSelf && at.isForgiven) at.warn?.(`${problem.field}: ${problem.message}`);
    else problems.push(problem);
  }

  #evaluate(node: NonNullable<CompiledRule["node"]>, variables: CelVariables): unknown {
    const limit = Math.min(COST_PER_RULE, this.#budget);
    let cost = limit;
    try {
      const result = this.#compiler.evaluator.run(node, variables, limit);
      ({ cost } = result);
      return result.value;
    } finally {
      this.#budget -= cost;
    }
  }

  #reportFault(
    error: unknown,
    { rule }: CompiledRule,
    { field, type }: { readonly field: string; readonly type: string },
    problems: FieldProblem[],
  ): void {
    if (error instanceof CelCostExceeded) {
      const text =
        this.#budget <= 0
          ? "validation failed due to running out of cost budget, no further validation rules will be run"
          : `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule.rule.trim()}`;
      problems.push(invalidField(field, type, text));
      throw new OutOfBudget();
    }
    if (!(error instanceof CelFault)) throw error;
    const text = error.message.startsWith("no such overload")
      ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule.rule.trim()}`
      : `${error.message} evaluating rule: ${rule.rule.trim()}`;
    problems.push(invalidField(field, type, text));
  }

  #message({ rule, message }: CompiledRule, variables: CelVariables): string {
    if (message?.node !== undefined) {
      try {
        const text = this.#evaluate(message.node, variables);
        if (typeof text === "string" && text.trim() !== "" && text.length <= 5120 && !/[\r\n]/.test(text))
          return text.trim();
      } catch (error) {
        // A message that cannot be made is replaced by the fixed one.
        if (!(error instanceof CelFault) && !(error instanceof CelCostExceeded)) throw error;
      }
    }
    const fixed = (rule.message ?? "").trim();
    return fixed === "" ? `failed rule: ${rule.rule.trim()}` : fixed;
  }
}

interface RulePosition {
  readonly path: string;
  readonly old: OldValue | undefined;
  /** This value, or the nearest one around it that can be found in the old object, has not changed. */
  readonly isForgiven: boolean;
  readonly warn: ((text: string) => void) | undefined;
}

/** Ends the walk over an object whose rules have used up their budget. */
class OutOfBudget extends Error {}

function below(at: RulePosition, path: string, old: OldValue | undefined): RulePosition {
  return {
    path,
    old,
    isForgiven: old === undefined ? at.isForgiven && at.old !== undefined : old.isUnchanged,
    warn: at.warn,
  };
}

function ruleProblem(field: string, value: unknown, message: string, reason: string | undefined): FieldProblem {
  switch (reason) {
    case "FieldValueForbidden":
      return { reason, message: `Forbidden: ${message}`, field };
    case "FieldValueRequired":
      return { reason, message: `Required value: ${message}`, field };
    case "FieldValueDuplicate":
      return { reason, message: `Duplicate value${value === omittedValue ? "" : `: ${JSON.stringify(value)}`}`, field };
    default:
      return invalidField(field, value, message);
  }
}

function compileNode(schema: JsonSchema, compiler: RuleCompiler, isRoot: boolean): RuleNode | undefined {
  const list = rulesOf(schema);
  const type = list.length === 0 ? undefined : celTypeOf(schema, isRoot)?.type;
  const rules = list.map((rule) => compiler.compile(rule, type ?? { kind: "dyn" }));
  const properties = new Map<string, RuleNode>();
  for (const name of Object.keys(schema.properties ?? {})) {
    const property = propertyOf(schema, name);
    const node = property === undefined ? undefined : compileNode(property, compiler, isResourceNode(property));
    if (node !== undefined) properties.set(name, node);
  }
  const values = valueSchemaOf(schema);
  const valueNode = values === undefined ? undefined : compileNode(values, compiler, isResourceNode(values));
  const items =
    schema.items === undefined ? undefined : compileNode(schema.items, compiler, isResourceNode(schema.items));
  const isEmpty = rules.length === 0 && properties.size === 0 && valueNode === undefined && items === undefined;
  return isEmpty ? undefined : { schema, isRoot, rules, properties, values: valueNode, items };
}

function rulesOf(schema: JsonSchema): readonly NonNullable<JsonSchema["x-kubernetes-validations"]>[number][] {
  return schema["x-kubernetes-validations"] ?? [];
}
