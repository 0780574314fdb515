import type { ValidationRule } from "../schema/json-schema.ts";
import { LinearPattern, toCodePoints } from "../../patterns/linear-pattern.ts";
import { CelChecker } from "../../cel/cel-checker.ts";
import { CelEvaluator } from "../../cel/cel-evaluator.ts";
import { CelLibrary } from "../../cel/cel-library.ts";
import type { CelRuntime } from "../../cel/cel-overload.ts";
import { CelParser, describeIssues, type CelNode } from "../../cel/cel-syntax.ts";
import type { CelScope, CelType } from "../../cel/cel-type.ts";
import { CelFault } from "../../cel/cel-values.ts";

/** Patterns that are remembered: rules may make new ones from every object. */
const MAX_PATTERNS = 500;

/** A rule, checked. One of `node` and `problem` is there, unless the rule is empty. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly node: CelNode | undefined;
  /** Why the rule cannot be used. */
  readonly problem: string | undefined;
  readonly cost: number;
  readonly usesOldSelf: boolean;
  readonly message: CompiledMessage | undefined;
}

/** A `messageExpression`, checked. */
export interface CompiledMessage {
  readonly node: CelNode | undefined;
  readonly problem: string | undefined;
  readonly cost: number;
}

/**
 * Checks and keeps what all rules of a server share: the parser, the functions and the compiled patterns.
 */
export class RuleCompiler {
  readonly evaluator: CelEvaluator;
  readonly #parser: CelParser = new CelParser();
  readonly #library: CelLibrary = new CelLibrary();
  readonly #patterns = new Map<string, LinearPattern | string>();

  constructor() {
    const runtime: CelRuntime = {
      matches: (text, pattern) => this.#pattern(pattern).test(text),
      findAll: (text, pattern, limit) => findAll(this.#pattern(pattern), text, limit),
    };
    this.evaluator = new CelEvaluator(this.#library, runtime);
  }

  /** The compiled form of a pattern; undefined when it is none. */
  patternOf(source: string): LinearPattern | undefined {
    const compiled = this.#compiled(source);
    return typeof compiled === "string" ? undefined : compiled;
  }

  /** Why a pattern cannot be compiled; undefined when it can. */
  patternProblem(source: string): string | undefined {
    const compiled = this.#compiled(source);
    return typeof compiled === "string" ? compiled : undefined;
  }

  /** Checks a rule for values of a type. */
  compile(rule: ValidationRule, self: CelType): CompiledRule {
    const scope: CelScope = new Map([
      ["self", self],
      ["oldSelf", rule.optionalOldSelf === true ? ({ kind: "optional", value: self } as const) : self],
    ]);
    const none = { rule, node: undefined, problem: undefined, cost: 0, usesOldSelf: false, message: undefined };
    if (rule.rule.trim() === "") return none;
    const checked = this.#check(rule.rule, scope, "bool");
    if (checked.problem !== undefined) return { ...none, problem: checked.problem };
    const { messageExpression = "" } = rule;
    const message = messageExpression === "" ? undefined : this.#check(messageExpression, scope, "string");
    return {
      rule,
      node: checked.node,
      problem: undefined,
      cost: checked.cost,
      usesOldSelf: checked.usesOldSelf,
      message,
    };
  }

  #check(
    expression: string,
    scope: CelScope,
    wanted: "bool" | "string",
  ): CompiledMessage & { readonly usesOldSelf: boolean } {
    const failed = (problem: string): CompiledMessage & { readonly usesOldSelf: boolean } => ({
      node: undefined,
      problem: wanted === "bool" ? problem : `messageExpression ${problem}`,
      cost: 0,
      usesOldSelf: false,
    });
    const parsed = this.#parser.parse(expression);
    if ("issue" in parsed) return failed(`compilation failed: ${describeIssues(expression, [parsed.issue])}`);
    const checker = new CelChecker(this.#library);
    const { type, cost } = checker.check(parsed.node, scope);
    if (checker.issues.length > 0) return failed(`compilation failed: ${describeIssues(expression, checker.issues)}`);
    if (type.kind !== wanted) {
      const text = wanted === "bool" ? "cel expression must evaluate to a bool" : "must evaluate to a string";
      return failed(text);
    }
    return { node: parsed.node, problem: undefined, cost, usesOldSelf: checker.used.has("oldSelf") };
  }

  #pattern(source: string): LinearPattern {
    const compiled = this.#compiled(source);
    if (typeof compiled === "string") throw new CelFault(`error parsing regexp: ${compiled}`);
    return compiled;
  }

  #compiled(source: string): LinearPattern | string {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    if (this.#patterns.size >= MAX_PATTERNS) this.#patterns.clear();
    const compiled = tryCompile(source);
    this.#patterns.set(source, compiled);
    return compiled;
  }
}

function tryCompile(source: string): LinearPattern | string {
  try {
    return new LinearPattern(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

function findAll(pattern: LinearPattern, text: string, limit: number): string[] {
  const points = toCodePoints(text);
  const found: string[] = [];
  let at = 0;
  const most = limit < 0 ? points.length + 1 : limit;
  for (let count = 0; count < most && at <= points.length; count++) {
    const match = pattern.find(points, at);
    if (match === undefined) break;
    found.push(String.fromCodePoint(...points.slice(match.start, match.end)));
    at = match.end > match.start ? match.end : match.end + 1;
  }
  return found;
}
