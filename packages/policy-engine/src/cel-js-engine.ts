import { createError, hasCode, KingletError } from "@kinglet/errors";
import { Environment } from "@marcbachmann/cel-js";

import {
  defaultCelLimits,
  type CelEngine,
  type CelEngineOptions,
  type CelLimits,
  type CompiledExpression,
  type ExpressionProblem,
  type ExpressionType,
  type RuleVariables,
} from "./cel-engine.ts";
import { collectTypeFindings, type TypeCheckProbe } from "./collect-type-findings.ts";
import { CostMeter } from "./cost-meter.ts";
import { compileDirectly } from "./direct-compiler.ts";
import type { DirectRun, DirectStep } from "./direct-steps.ts";
import { policyEngineErrors, type PolicyEngineErrorCode } from "./errors.ts";
import { eventFieldTypes, type EventField } from "./event-fields.ts";
import { createEventViewClass, type EventView } from "./event-view.ts";
import { callsMatches, scanExpression, type Finding } from "./expression-scan.ts";
import type { ProfileQuestion } from "./profile-data.ts";
import { findProfileQuestions } from "./profile-questions.ts";
import { registerCelFunctions } from "./register-cel-functions.ts";
import { registerStringFunctions } from "./register-string-functions.ts";
import { onlyPassesArguments, readFields, requiredFields, type FieldAlternatives } from "./required-fields.ts";
import { StepBound } from "./step-bound.ts";
import type { RuleEventType } from "./rule-definition.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { WorkBound } from "./work-bound.ts";

/** A parsed expression of the library: a function of the variables that carries its tree. */
interface Parsed {
  (variables: object): unknown;
  readonly ast: SyntaxNode;
}

/**
 * Builds an engine over the CEL library. Reached through `loadCelEngine` only.
 *
 * @public
 */
export function createCelEngine(options: CelEngineOptions): CelEngine {
  return new CelJsEngine(options);
}

class CelJsEngine implements CelEngine {
  readonly #options: CelEngineOptions;
  readonly #limits: CelLimits;
  readonly #environment: Environment;
  readonly #probe: TypeCheckProbe;
  readonly #meter: CostMeter;
  readonly #runtime: ExpressionRuntime;

  constructor(options: CelEngineOptions) {
    this.#options = options;
    this.#limits = { ...defaultCelLimits, ...options.limits };
    this.#meter = new CostMeter(this.#limits.maxCost);
    this.#environment = new Environment({
      limits: {
        maxAstNodes: this.#limits.maxNodes,
        maxDepth: this.#limits.maxDepth,
        maxListElements: this.#limits.maxElements,
        maxMapEntries: this.#limits.maxElements,
        maxCallArguments: 8,
      },
    });
    const Uint = uintConstructor(this.#environment);
    const View = createEventViewClass({ toUint: (value) => new Uint(value) });
    this.#environment.registerType("kingletEvent", { ctor: View, fields: { ...eventFieldTypes } });
    this.#environment.registerVariable("event", "kingletEvent");
    this.#environment.registerVariable("eventType", "string");
    registerStringFunctions(this.#environment);
    registerCelFunctions(this.#environment, options.functions, this.#meter);
    this.#probe = createProbe(this.#environment);
    this.#runtime = new ExpressionRuntime(new View(), this.#meter);
  }

  check(expression: string, expectedType: ExpressionType, eventType?: RuleEventType): readonly ExpressionProblem[] {
    return this.#analyse(expression, expectedType, eventType).problems;
  }

  compile(expression: string, expectedType: ExpressionType, eventType?: RuleEventType): CompiledExpression {
    const { parsed, problems } = this.#analyse(expression, expectedType, eventType);
    const first = problems[0];
    if (first === undefined && parsed !== undefined) {
      const direct = this.#compileDirectly(parsed.ast);
      return new CelJsExpression(expression, {
        parsed,
        direct: direct?.run,
        runtime: this.#runtime,
        steps: new StepBound(parsed.ast, this.#limits.maxSteps),
        // Closures make nothing in a list's every step but texts that are gone with the next.
        work: direct === undefined ? new WorkBound(parsed.ast, this.#limits) : undefined,
        required: requiredFields(parsed.ast),
        read: readFields(parsed.ast),
        onlyPassesArguments: onlyPassesArguments(parsed.ast),
      });
    }
    const reason = problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join("; ");
    throw createError(policyEngineErrors, first?.code ?? "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION", {
      expression,
      reason,
      problems,
    });
  }

  profileQuestions(conditions: readonly string[]): readonly ProfileQuestion[] {
    const short = conditions.filter((expression) => expression.length <= this.#limits.maxLength);
    return findProfileQuestions(short.flatMap((expression) => this.#parse(expression).parsed?.ast ?? []));
  }

  #analyse(
    expression: string,
    expectedType: ExpressionType,
    eventType: RuleEventType | undefined,
  ): { readonly parsed: Parsed | undefined; readonly problems: readonly ExpressionProblem[] } {
    if (expression.length > this.#limits.maxLength) {
      const message = `${expression.length} characters, the limit is ${this.#limits.maxLength}`;
      return { parsed: undefined, problems: [locate("", { code: limitCode, message, start: 0, end: 0 })] };
    }
    const { parsed, finding } = this.#parse(expression);
    if (parsed === undefined) return { parsed, problems: [locate(expression, finding)] };
    const fields = eventType === undefined ? undefined : this.#options.fields?.[eventType];
    if (eventType !== undefined && this.#options.fields !== undefined && fields === undefined) {
      // What such events have is not known here, so nothing more can be said of the expression.
      const message = `no source feeds events of type ${eventType}`;
      return { parsed, problems: [locate(expression, { code: unavailableCode, message, start: 0, end: 0 })] };
    }
    const findings = collectTypeFindings(parsed.ast, expectedType, this.#probe);
    findings.push(
      ...scanExpression(parsed.ast, {
        functions: this.#options.functions,
        fields,
        maxComprehensionDepth: this.#limits.maxComprehensionDepth,
      }),
    );
    if (findings.length === 0 && callsMatches(parsed.ast) && this.#compileDirectly(parsed.ast) === undefined) {
      findings.push({ code: unavailableCode, message: matchesTogether, start: 0, end: 0 });
    }
    findings.sort((left, right) => left.start - right.start);
    return { parsed, problems: findings.map((found) => locate(expression, found)) };
  }

  /** An expression with `matches()` is never the library's to run. */
  #compileDirectly(root: SyntaxNode): DirectStep | undefined {
    if (this.#options.isInterpreted === true && !callsMatches(root)) return undefined;
    return compileDirectly(root, { functions: this.#options.functions, meter: this.#meter });
  }

  #parse(expression: string): { parsed: Parsed; finding?: never } | { parsed: undefined; finding: Finding } {
    try {
      return { parsed: this.#environment.parse(expression) as unknown as Parsed };
    } catch (error) {
      return { parsed: undefined, finding: toFinding(error) };
    }
  }
}

/** What all expressions of one engine share while they run; safe because evaluation is synchronous. */
class ExpressionRuntime {
  readonly meter: CostMeter;
  readonly #view: EventView;
  readonly #context: { event: EventView; eventType: string };
  readonly #directRun: DirectRun = { event: {}, eventType: "", slots: [] };

  constructor(view: EventView, meter: CostMeter) {
    this.meter = meter;
    this.#view = view;
    this.#context = { event: view, eventType: "" };
  }

  run(parsed: Parsed, variables: RuleVariables): unknown {
    this.#view.current = variables.event;
    this.#context.eventType = variables.eventType;
    this.meter.reset();
    const value = parsed(this.#context);
    // CEL lets "error || true" be true; a spent budget is not for an expression to ignore.
    this.meter.assertWithin();
    return value;
  }

  runDirectly(direct: DirectStep["run"], { event, eventType }: RuleVariables): unknown {
    const run = this.#directRun;
    run.event = event;
    run.eventType = eventType;
    this.meter.reset();
    const value = direct(run);
    this.meter.assertWithin();
    return value;
  }
}

/** What a compiled expression is made of. */
interface ExpressionParts {
  readonly parsed: Parsed;
  /** Undefined: the library runs it. */
  readonly direct: DirectStep["run"] | undefined;
  readonly runtime: ExpressionRuntime;
  readonly steps: StepBound;
  readonly work: WorkBound | undefined;
  readonly required: FieldAlternatives;
  readonly read: readonly EventField[];
  readonly onlyPassesArguments: boolean;
}

class CelJsExpression implements CompiledExpression {
  readonly expression: string;
  readonly requiredFields: FieldAlternatives;
  readonly readFields: readonly EventField[];
  readonly onlyPassesArguments: boolean;
  readonly #parsed: Parsed;
  readonly #direct: DirectStep["run"] | undefined;
  readonly #runtime: ExpressionRuntime;
  readonly #steps: StepBound;
  readonly #work: WorkBound | undefined;

  constructor(expression: string, parts: ExpressionParts) {
    const { parsed, direct, runtime, steps, work, required, read } = parts;
    this.expression = expression;
    this.requiredFields = required;
    this.readFields = read;
    this.onlyPassesArguments = parts.onlyPassesArguments;
    this.#parsed = parsed;
    this.#direct = direct;
    this.#runtime = runtime;
    this.#steps = steps;
    this.#work = work;
  }

  evaluate(variables: RuleVariables): unknown {
    try {
      this.#steps.assertWithin(variables.event);
      this.#work?.assertWithin(variables.event);
      return this.#direct === undefined
        ? this.#runtime.run(this.#parsed, variables)
        : this.#runtime.runDirectly(this.#direct, variables);
    } catch (error) {
      throw this.#convert(error);
    }
  }

  #convert(error: unknown): unknown {
    if (error instanceof KingletError) return error;
    const { message } = toFinding(error);
    if (hasCode(error, "no_matching_overload")) {
      return createError(
        policyEngineErrors,
        "KINGLET_ERR_POLICY_ENGINE_ARGUMENT",
        { function: this.expression, reason: message },
        { cause: error },
      );
    }
    return createError(
      policyEngineErrors,
      "KINGLET_ERR_POLICY_ENGINE_EVALUATION",
      { expression: this.expression, reason: message },
      { cause: error },
    );
  }
}

const matchesTogether = "matches() cannot be used together with what else stands in the expression";
const limitCode: PolicyEngineErrorCode = "KINGLET_ERR_POLICY_ENGINE_LIMIT";
const unavailableCode: PolicyEngineErrorCode = "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE";
const invalidCode: PolicyEngineErrorCode = "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION";

/** The library keeps the class of its unsigned integers to itself; a literal shows it. */
function uintConstructor(environment: Environment): new (value: bigint) => unknown {
  return (environment.evaluate("1u") as object).constructor as new (value: bigint) => unknown;
}

/**
 * Borrows the library's type checker: a macro is handed it. The macro is open for this one call and unknown afterwards.
 */
function createProbe(environment: Environment): TypeCheckProbe {
  let probe: TypeCheckProbe | undefined;
  let isOpen = true;
  environment.registerFunction("kingletProbe(ast): bool", (call: { readonly args: readonly unknown[] }) => {
    if (!isOpen) throw new Error("unknown function kingletProbe");
    return {
      typeCheck: (checker: LibraryTypeChecker, _macro: unknown, context: unknown) => {
        probe = { typeOf: (node) => checker.check(node, context).name, toFinding };
        return checker.check(call.args[0], context);
      },
      evaluate: () => true,
    };
  });
  environment.check("kingletProbe(true)");
  isOpen = false;
  if (probe === undefined) throw new Error("the CEL library no longer hands its type checker to macros");
  return probe;
}

interface LibraryTypeChecker {
  check(node: unknown, context: unknown): { readonly name: string };
}

/** What the library threw, as a finding: the first line is the message, the rest is a drawing. */
function toFinding(error: unknown): Finding {
  const fault = error as {
    readonly code?: unknown;
    readonly summary?: unknown;
    readonly message?: unknown;
    readonly range?: { readonly start: number; readonly end: number };
  };
  const text = typeof fault.summary === "string" ? fault.summary : String(fault.message ?? error);
  const code = fault.code === "limit_exceeded" || error instanceof RangeError ? limitCode : invalidCode;
  const start = fault.range?.start ?? 0;
  return { code, message: text.split("\n", 1)[0] ?? text, start, end: Math.max(start, fault.range?.end ?? start) };
}

function locate(expression: string, finding: Finding): ExpressionProblem {
  const before = expression.slice(0, finding.start);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { ...finding, line: before.split("\n").length, column: before.length - lineStart + 1 };
}
