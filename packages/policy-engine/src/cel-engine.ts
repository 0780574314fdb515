import type { CelFunctions } from "./cel-functions.ts";
import type { PolicyEngineErrorCode } from "./errors.ts";
import type { EventField, RuleEvent } from "./event-fields.ts";
import type { ProfileQuestion } from "./profile-data.ts";
import type { RuleEventType } from "./rule-definition.ts";

/** What expressions must yield. @public */
export type ExpressionType = "bool" | "string";

/** One thing that is wrong with an expression. @public */
export interface ExpressionProblem {
  readonly code: PolicyEngineErrorCode;
  /** One line, without the expression itself. */
  readonly message: string;
  /** First character concerned, counted from 0 in UTF-16 units. */
  readonly start: number;
  /** One past the last character concerned; equals `start` when only a position is known. */
  readonly end: number;
  /** Line of `start`, from 1. */
  readonly line: number;
  /** Column of `start`, from 1. */
  readonly column: number;
}

/** Values of the CEL variables. The object may be reused between evaluations. @public */
export interface RuleVariables {
  readonly event: RuleEvent;
  readonly eventType: RuleEventType;
}

/**
 * An expression that has been checked and is ready to run.
 *
 * @public
 */
export interface CompiledExpression {
  readonly expression: string;
  /** It can be true only of an event that has every field of one of these sets. */
  readonly requiredFields: readonly (readonly EventField[])[];
  /** Every field of `event` that it may read, but for `has()`. */
  readonly readFields: readonly EventField[];
  /**
   * True when it reads `event.args` and only hands it to `cp.was_executed_with_args` as it is, so that the list may be one that stands for
   * arguments that nobody can tell apart.
   */
  readonly onlyPassesArguments: boolean;
  /**
   * Evaluates; synchronous. CEL lists, maps and integers appear as arrays, objects or Maps, and bigint.
   *
   * Cost: none in memory for comparisons, logic, texts and declared functions; an expression with anything else in it is run by the
   * library, which makes a small context object per call plus what the expression itself builds. See the README for ns.
   *
   * @throws KINGLET_ERR_POLICY_ENGINE_EVALUATION when the expression fails on these values, with the cause;
   * KINGLET_ERR_POLICY_ENGINE_ARGUMENT when a function got a value of the wrong type; KINGLET_ERR_POLICY_ENGINE_COST when the
   * functions called cost more than the limit, or texts and lists of the event are too long for the expression.
   */
  evaluate(variables: RuleVariables): unknown;
}

/**
 * Bounds of one expression. Checked when it is validated, except `maxCost`, `maxSteps` and `maxMade`, which bound each evaluation.
 *
 * @public
 */
export interface CelLimits {
  /** UTF-16 units. @defaultValue 4096 */
  readonly maxLength: number;
  /** Nodes of the syntax tree. @defaultValue 1000 */
  readonly maxNodes: number;
  /** Nesting of calls, selections, indexes and literals. @defaultValue 64 */
  readonly maxDepth: number;
  /** Elements of one list or map literal. @defaultValue 256 */
  readonly maxElements: number;
  /** `all`, `exists`, `exists_one`, `filter`, `map` inside one another. @defaultValue 2 */
  readonly maxComprehensionDepth: number;
  /** Units of function cost per evaluation. @defaultValue 20000 */
  readonly maxCost: number;
  /** Steps of comprehensions per evaluation: the longest list of the event to the power of their depth. @defaultValue 1000000 */
  readonly maxSteps: number;
  /** What an evaluation may make: characters of texts, and 8 for each element of a list. @defaultValue 8000000 */
  readonly maxMade: number;
}

/** @public */
export const defaultCelLimits: CelLimits = {
  maxLength: 4096,
  maxNodes: 1000,
  maxDepth: 64,
  maxElements: 256,
  maxComprehensionDepth: 2,
  maxCost: 20_000,
  maxSteps: 1_000_000,
  maxMade: 8_000_000,
};

/** @public */
export interface CelEngineOptions {
  readonly functions: CelFunctions;
  /**
   * Event types that have a source, and the fields which that source fills. Expressions for other event types or over other
   * fields are problems. Absent: every type and field is permitted.
   */
  readonly fields?: { readonly [Type in RuleEventType]?: readonly EventField[] };
  readonly limits?: Partial<CelLimits>;
  /**
   * True: the CEL library runs every expression, also those that the engine makes closures of. Same answers, slower; for tests and
   * measurements.
   *
   * @defaultValue false
   */
  readonly isInterpreted?: boolean;
}

/**
 * Validates and runs CEL expressions over one event.
 *
 * Guarantees: deterministic, synchronous, no I/O. The regular-expression function `matches` is refused: the library runs it on a
 * backtracking engine, which one event could stall.
 *
 * @public
 */
export interface CelEngine {
  /**
   * Everything that is wrong with an expression: syntax (the first error only), types, unknown names, unavailable functions and
   * fields, limits. Empty when it can be compiled.
   *
   * @param expression - CEL text.
   * @param expectedType - what it must yield.
   * @param eventType - checks the fields against this type's source; absent: fields are not checked against sources.
   */
  check(expression: string, expectedType: ExpressionType, eventType?: RuleEventType): readonly ExpressionProblem[];
  /**
   * Checks and compiles.
   *
   * @throws KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION (or _UNAVAILABLE, _LIMIT) with all problems in `details.problems`.
   */
  compile(expression: string, expectedType: ExpressionType, eventType?: RuleEventType): CompiledExpression;
  /**
   * What conditions that have to hold together ask of profiles, read from their calls of `cp.*`. What cannot be parsed asks nothing.
   *
   * Cost: parses each; for when rules are loaded.
   */
  profileQuestions(conditions: readonly string[]): readonly ProfileQuestion[];
}

/** What the lazy seam yields. @public */
export interface CelEngineModule {
  readonly createCelEngine: (options: CelEngineOptions) => CelEngine;
}
