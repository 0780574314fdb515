import type { RuleCompiler } from "../rules/rule-compiler.ts";
import { celTypeOf, maxCardinality } from "../rules/schema-cel-type.ts";
import { childPath, forbiddenField, invalidField, keyPath, type FieldProblem } from "../schema/field-problem.ts";
import { isResourceNode, type JsonSchema, type ValidationRule } from "../schema/json-schema.ts";

/** Estimated cost that one rule may have. */
const MAX_RULE_COST = 10_000_000;
/** Estimated cost that the rules of one schema may have together. */
const MAX_SCHEMA_COST = 100_000_000;

/** Where the node of a rule stands. */
export interface RulePlace {
  readonly path: string;
  readonly isRoot: boolean;
  /** The nearest part around that cannot be found again in an older object; rules below cannot use `oldSelf`. */
  readonly uncorrelatable: string | undefined;
}

/** What the rules of one schema cost together. */
export interface CostTotal {
  total: number;
  /** The most expensive ones. */
  readonly expensive: { readonly path: string; readonly cost: number }[];
}

/**
 * Compiles the rules of a schema's nodes and adds up what they may cost, each as often as its node may occur in an object.
 */
export class RuleCosts {
  readonly #compiler: RuleCompiler;
  readonly #total: CostTotal;
  /** How often the node may occur; undefined: as often as a request can hold it. */
  readonly #occurrences: number | undefined;
  readonly #isUnchanged: boolean;

  constructor(
    compiler: RuleCompiler,
    options: { readonly isUnchanged: boolean; readonly total?: CostTotal; readonly occurrences?: number | undefined },
  ) {
    this.#compiler = compiler;
    this.#isUnchanged = options.isUnchanged;
    this.#total = options.total ?? { total: 0, expensive: [] };
    this.#occurrences = "occurrences" in options ? options.occurrences : 1;
  }

  /** The costs below a list or map of at most this many. */
  below(max: number | undefined): RuleCosts {
    const occurrences = max === undefined || this.#occurrences === undefined ? undefined : max * this.#occurrences;
    return new RuleCosts(this.#compiler, { isUnchanged: this.#isUnchanged, total: this.#total, occurrences });
  }

  /** Compiles the rules of one node. */
  check(schema: JsonSchema, place: RulePlace): FieldProblem[] {
    const rules = schema["x-kubernetes-validations"] ?? [];
    if (rules.length === 0) return [];
    const typed = celTypeOf(schema, place.isRoot || isResourceNode(schema));
    const problems: FieldProblem[] = [];
    if (typed === undefined) {
      const text = "internal error: failed to construct type information for x-kubernetes-validations rules";
      return [
        {
          reason: "InternalError",
          message: `Internal error: ${text}`,
          field: childPath(place.path, "x-kubernetes-validations"),
        },
      ];
    }
    const times = this.#occurrences ?? maxCardinality(typed.minBytes);
    rules.forEach((rule, index) => {
      const path = keyPath(childPath(place.path, "x-kubernetes-validations"), index);
      const compiled = this.#compiler.compile(rule, typed.type);
      const cost = compiled.cost * times;
      const field = `${path}.rule`;
      problems.push(...this.#costProblem(field, "estimated rule cost", cost));
      if (compiled.problem !== undefined) problems.push(invalidField(field, shownRule(rule), compiled.problem));
      if (compiled.message?.problem !== undefined) {
        problems.push(invalidField(`${path}.messageExpression`, shownRule(rule), compiled.message.problem));
      } else if (compiled.message !== undefined) {
        problems.push(
          ...this.#costProblem(`${path}.messageExpression`, "estimated messageExpression cost", compiled.message.cost),
        );
      }
      if (compiled.usesOldSelf && place.uncorrelatable !== undefined) {
        const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
        problems.push(invalidField(field, rule.rule, text));
      } else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined) {
        problems.push(
          invalidField(
            `${path}.optionalOldSelf`,
            rule.optionalOldSelf,
            "may not be set if oldSelf is not used in rule",
          ),
        );
      }
    });
    return problems;
  }

  /** What is wrong with the sum of all rules that were checked. */
  totalProblems(path: string): FieldProblem[] {
    if (this.#total.total <= MAX_SCHEMA_COST) return [];
    const text = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...this.#total.expensive.map((rule) => forbiddenField(rule.path, text)),
      forbiddenField(path, costText(name, this.#total.total, MAX_SCHEMA_COST)),
    ];
  }

  #costProblem(path: string, name: string, cost: number): FieldProblem[] {
    this.#total.total += cost;
    this.#total.expensive.push({ path, cost });
    this.#total.expensive.sort((left, right) => right.cost - left.cost).splice(4);
    if (this.#isUnchanged || cost <= MAX_RULE_COST) return [];
    return [forbiddenField(path, costText(name, cost, MAX_RULE_COST))];
  }
}

function costText(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const times = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return (
    `${name} exceeds budget by factor of ${times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength ` +
    "where arrays, maps, and strings are declared)"
  );
}

/** A rule as messages show it: all fields, by their names inside the server. */
function shownRule(rule: ValidationRule): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}
