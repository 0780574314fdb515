import { CelChecker } from "../cel/cel-checker.ts";
import { CelEvaluator } from "../cel/cel-evaluator.ts";
import { CelLibrary } from "../cel/cel-library.ts";
import { createOverload, type CelOverload } from "../cel/cel-overload.ts";
import { CelParser, describeIssues, type CelNode } from "../cel/cel-syntax.ts";
import { typeName, type CelScope } from "../cel/cel-type.ts";
import { CelCostExceeded, CelFault } from "../cel/cel-values.ts";
import { LinearPattern } from "../patterns/linear-pattern.ts";
import { isJsonRecord } from "../resources/kube-object.ts";
import { AUTHORIZER_TYPE, authorizerFunctions, RESOURCE_CHECK_TYPE } from "./authorizer-functions.ts";

/** Cost units for all conditions of one webhook together. */
const BUDGET = 2_500_000;
/** Expressions that are remembered. */
const MAX_EXPRESSIONS = 500;
const REQUEST_RESOURCE = "authorizer.requestResource";

const SCOPE: CelScope = new Map([
  ["object", { kind: "dyn" }],
  ["oldObject", { kind: "dyn" }],
  ["request", { kind: "dyn" }],
  ["authorizer", { kind: "opaque", name: AUTHORIZER_TYPE }],
  [REQUEST_RESOURCE, { kind: "opaque", name: RESOURCE_CHECK_TYPE }],
]);

/** What conditions are evaluated over: plain JSON, and the values of the authorizer. */
export interface ConditionVariables {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly authorizer: unknown;
  readonly requestResource: unknown;
}

/** Whether a webhook is to be called; `error` when that cannot be told. */
export type ConditionVerdict =
  | { readonly kind: "match" }
  | { readonly kind: "skip" }
  | { readonly kind: "error"; readonly message: string };

/**
 * Match conditions in CEL: any that is false skips the webhook, else any that fails is an error, else it is called.
 */
export class MatchConditions {
  readonly #parser: CelParser = new CelParser();
  readonly #library: AdmissionLibrary = new AdmissionLibrary();
  readonly #evaluator: CelEvaluator;
  readonly #compiled = new Map<string, CelNode | string>();

  constructor() {
    this.#evaluator = new CelEvaluator(this.#library, {
      matches: (text, pattern) => new LinearPattern(pattern).test(text),
      findAll: () => {
        throw new CelFault("no such overload: findAll");
      },
    });
  }

  /** Why an expression cannot be used; undefined when it can. */
  findProblem(expression: string): string | undefined {
    const compiled = this.#compile(expression);
    return typeof compiled === "string" ? compiled : undefined;
  }

  evaluate(
    conditions: readonly { readonly name: string; readonly expression: string }[],
    variables: ConditionVariables,
  ): ConditionVerdict {
    const values = new Map<string, unknown>([
      ["object", dynamicValue(variables.object)],
      ["oldObject", dynamicValue(variables.oldObject)],
      ["request", dynamicValue(variables.request)],
      ["authorizer", variables.authorizer],
      [REQUEST_RESOURCE, variables.requestResource],
    ]);
    const errors: string[] = [];
    let budget = BUDGET;
    for (const { expression } of conditions) {
      const node = this.#compile(expression);
      if (typeof node === "string") {
        errors.push(node);
        continue;
      }
      try {
        const { value, cost } = this.#evaluator.run(node, values, budget);
        budget -= cost;
        if (value === false) return { kind: "skip" };
      } catch (error) {
        if (error instanceof CelCostExceeded) {
          const why = "validation failed due to running out of cost budget, no further validation rules will be run";
          return { kind: "error", message: why };
        }
        if (!(error instanceof CelFault) && !(error instanceof SyntaxError)) throw error;
        errors.push(`expression '${expression}' resulted in error: ${error.message}`);
      }
    }
    const distinct = [...new Set(errors)];
    if (distinct.length === 0) return { kind: "match" };
    return { kind: "error", message: distinct.length === 1 ? String(distinct[0]) : `[${distinct.join(", ")}]` };
  }

  #compile(expression: string): CelNode | string {
    const known = this.#compiled.get(expression);
    if (known !== undefined) return known;
    if (this.#compiled.size >= MAX_EXPRESSIONS) this.#compiled.clear();
    const compiled = this.#check(expression);
    this.#compiled.set(expression, compiled);
    return compiled;
  }

  #check(expression: string): CelNode | string {
    const parsed = this.#parser.parse(expression);
    if ("issue" in parsed) return `compilation failed: ${describeIssues(expression, [parsed.issue])}`;
    const node = withRequestResource(parsed.node) as CelNode;
    const checker = new CelChecker(this.#library);
    const { type } = checker.check(node, SCOPE);
    if (checker.issues.length > 0) return `compilation failed: ${describeIssues(expression, checker.issues)}`;
    return type.kind === "bool" || type.kind === "dyn" ? node : `must evaluate to bool but got ${typeName(type)}`;
  }
}

/** The functions of rules, and those of the authorizer. */
class AdmissionLibrary extends CelLibrary {
  readonly #own: readonly CelOverload[] = authorizerFunctions().map(createOverload);

  override overloads(name: string, isMember: boolean): readonly CelOverload[] {
    const own = this.#own.filter((overload) => overload.name === name && overload.isMember === isMember);
    return [...own, ...super.overloads(name, isMember)];
  }
}

/** `authorizer.requestResource` is one variable with a dot in its name. */
function withRequestResource(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withRequestResource);
  if (typeof part !== "object" || part === null || !("op" in part)) return part;
  const node = part as CelNode;
  if (node.op === "." && Array.isArray(node.args)) {
    const [operand, name] = node.args as [CelNode, string];
    const isAuthorizer = operand.op === "id" && operand.args === "authorizer";
    if (isAuthorizer && name === "requestResource") {
      return { op: "id", args: REQUEST_RESOURCE, pos: node.pos, start: node.start, end: node.end };
    }
  }
  if (node.op === "value") return node;
  return { op: node.op, args: withRequestResource(node.args), pos: node.pos, start: node.start, end: node.end };
}

/** JSON as CEL sees it without a schema: whole numbers are integers. */
function dynamicValue(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(dynamicValue);
  if (!isJsonRecord(value)) return value;
  return new Map(
    Object.entries(value)
      .filter((entry) => entry[1] !== undefined)
      .map(([key, member]) => [key, dynamicValue(member)]),
  );
}
