import type { CelEngine, CompiledExpression, ExpressionType, RuleVariables } from "./cel-engine.ts";
import type { EventField } from "./event-fields.ts";
import { coverQuestions, describeWanted, type ProfileData, type ProfileQuestion } from "./profile-data.ts";
import type { RuleDefinition, RuleEventType } from "./rule-definition.ts";
import type { RuleProblem } from "./rule-problem.ts";
import { ruleShapeProblems } from "./rule-shape-problems.ts";

/**
 * One rule over one engine: validated as a whole, each expression compiled on its first use and kept.
 *
 * Compiling is synchronous, so two callers never compile the same expression twice, and a failure is thrown to whoever asked,
 * never turned into "does not match".
 *
 * @public
 */
export class RuleProgram {
  readonly rule: RuleDefinition;
  readonly #engine: CelEngine;
  readonly #conditions = new Map<RuleEventType, readonly CompiledExpression[]>();
  /** Those for the type that was last asked for: nearly all rules are about one type, and a look-up costs 5 ns of 40. */
  #last: readonly CompiledExpression[] = [];
  #lastType: RuleEventType | undefined;
  #message: CompiledExpression | undefined;
  #uniqueId: CompiledExpression | undefined;
  #unfed: readonly RuleProblem[] = [];
  #unfedTypes: ReadonlySet<RuleEventType> = new Set();

  constructor(engine: CelEngine, rule: RuleDefinition) {
    this.#engine = engine;
    this.rule = rule;
  }

  /**
   * Everything that is wrong with the rule, all expressions included. Empty: it can run. Compiles nothing that is kept.
   *
   * A kind of event that nothing here feeds, or a condition over fields or functions that are not there, is no mistake as long as conditions for
   * other kinds are left: these run, and {@link RuleProgram.unfed} names the others. The conditions for one kind hold together, so none of
   * them runs without the rest.
   */
  validate(): readonly RuleProblem[] {
    const { message, uniqueId, ruleExpression } = this.rule.expressions;
    const problems = ruleShapeProblems(this.rule);
    const types = new Set<RuleEventType>();
    const unfedTypes = new Set<RuleEventType>();
    const found: RuleProblem[] = [];
    for (const [index, { eventType, expression }] of ruleExpression.entries()) {
      types.add(eventType);
      const before = found.length;
      this.#check(`expressions.ruleExpression[${index}].expression`, expression, "bool", eventType, found);
      if (found.length > before) unfedTypes.add(eventType);
    }
    // Conditions over every kind hold together with those of each.
    const fed = unfedTypes.has("all") ? [] : [...types].filter((type) => !unfedTypes.has(type));
    const isUnavailable = ({ code }: RuleProblem): boolean => code === "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE";
    const isInPart = found.length > 0 && fed.length > 0 && found.every(isUnavailable);
    this.#unfedTypes = isInPart ? unfedTypes : new Set();
    this.#unfed = [];
    const texts: RuleProblem[] = [];
    this.#checkText("expressions.message", message, isInPart ? new Set(fed) : types, texts);
    this.#checkText("expressions.uniqueId", uniqueId, isInPart ? new Set(fed) : types, texts);
    if (!isInPart) return [...problems, ...found, ...texts];
    // A text may ask for what only events of the other kinds have; where it comes to that, the alert has the rule's name instead.
    this.#unfed = [...found, ...texts.filter((problem) => !isUnavailable(problem))];
    return problems;
  }

  /** Why some conditions do not run, although the rule does; known after {@link RuleProgram.validate}. */
  get unfed(): readonly RuleProblem[] {
    return this.#unfed;
  }

  /** True when the rule has a condition for this type of event, and it runs. Compiles nothing. */
  appliesTo(eventType: RuleEventType): boolean {
    if (this.#unfedTypes.has(eventType)) return false;
    return this.rule.expressions.ruleExpression.some((one) => one.eventType === eventType || one.eventType === "all");
  }

  /**
   * What has to be kept of profiles so that every question of the rule is answered from the whole profile: what it declares, and what its
   * expressions ask beyond that. A rule without a declaration needs what they ask.
   *
   * Cost: parses every expression.
   *
   * @returns also what the declaration leaves out, one problem per surface and function.
   */
  profileData(): { readonly data: ProfileData; readonly undeclared: readonly RuleProblem[] } {
    const declared = this.rule.profileDataRequired;
    const { data, undeclared } = coverQuestions(declared ?? {}, this.#questions());
    if (declared === undefined) return { data, undeclared: [] };
    const texts = new Map<string, RuleProblem>();
    for (const { surface, functionName, wanted } of undeclared) {
      const message = `leaves out what ${functionName}() asks for (${describeWanted(wanted)}), which is kept as well`;
      const path = `profileDataRequired.${surface}`;
      texts.set(`${path} ${message}`, { code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path, message });
    }
    return { data, undeclared: [...texts.values()] };
  }

  /**
   * True when every condition for this type of event holds; false when the rule has none.
   *
   * Cost: no allocation beyond the evaluations.
   *
   * @throws what {@link CompiledExpression.evaluate} throws; at first use also what {@link CelEngine.compile} throws.
   */
  matches(variables: RuleVariables): boolean {
    const { eventType } = variables;
    if (eventType !== this.#lastType) {
      this.#last = this.#conditionsFor(eventType);
      this.#lastType = eventType;
    }
    const conditions = this.#last;
    for (let index = 0; index < conditions.length; index++) {
      // The index is below the length.
      if (conditions[index]!.evaluate(variables) !== true) return false;
    }
    return conditions.length > 0;
  }

  /**
   * What an event of this type has to tell: for each condition sets of fields, of one of which it needs every one.
   *
   * @throws at first use what {@link CelEngine.compile} throws.
   */
  requiredFields(eventType: RuleEventType): readonly (readonly (readonly EventField[])[])[] {
    return this.#conditionsFor(eventType).map(({ requiredFields }) => requiredFields);
  }

  /** Every field that the conditions for this type of event may read. @throws as {@link RuleProgram.requiredFields} */
  readFields(eventType: RuleEventType): readonly EventField[] {
    return [...new Set(this.#conditionsFor(eventType).flatMap(({ readFields }) => readFields))];
  }

  /**
   * True when the conditions for this type of event read `event.args`, and only to hand it to `cp.was_executed_with_args` as it is: then
   * they can be judged also where the arguments are known, but not told apart. @throws as {@link RuleProgram.requiredFields}
   */
  onlyPassesArguments(eventType: RuleEventType): boolean {
    const reading = this.#conditionsFor(eventType).filter(({ readFields }) => readFields.includes("args"));
    return reading.length > 0 && reading.every((condition) => condition.onlyPassesArguments);
  }

  /** The text of the alert. @throws as {@link RuleProgram.matches} */
  message(variables: RuleVariables): string {
    this.#message ??= this.#engine.compile(this.rule.expressions.message, "string");
    return String(this.#message.evaluate(variables));
  }

  /** What makes two alerts of this rule the same. @throws as {@link RuleProgram.matches} */
  uniqueId(variables: RuleVariables): string {
    this.#uniqueId ??= this.#engine.compile(this.rule.expressions.uniqueId, "string");
    return String(this.#uniqueId.evaluate(variables));
  }

  #conditionsFor(eventType: RuleEventType): readonly CompiledExpression[] {
    const known = this.#conditions.get(eventType);
    if (known !== undefined) return known;
    const compiled: CompiledExpression[] = [];
    for (const condition of this.#unfedTypes.has(eventType) ? [] : this.rule.expressions.ruleExpression) {
      if (condition.eventType !== eventType && condition.eventType !== "all") continue;
      compiled.push(this.#engine.compile(condition.expression, "bool", condition.eventType));
    }
    this.#conditions.set(eventType, compiled);
    return compiled;
  }

  #questions(): readonly ProfileQuestion[] {
    const { message, uniqueId, ruleExpression } = this.rule.expressions;
    const types = new Set(
      ruleExpression.map(({ eventType }) => eventType).filter((type) => !this.#unfedTypes.has(type)),
    );
    const together = [...types].map((type) =>
      ruleExpression.filter(({ eventType }) => eventType === type || eventType === "all"),
    );
    const texts = together.map((conditions) => conditions.map(({ expression }) => expression));
    return [...texts, [message], [uniqueId]].flatMap((expressions) => this.#engine.profileQuestions(expressions));
  }

  /**
   * The two texts are built for any event type that the rule has a condition for, and often ask for the type first: a field that one of the
   * types has is fine.
   */
  #checkText(path: string, expression: string, types: ReadonlySet<RuleEventType>, problems: RuleProblem[]): void {
    const found = [...types].map((type) => {
      const own: RuleProblem[] = [];
      this.#check(path, expression, "string", type, own);
      return own;
    });
    const [first = [], ...others] = found;
    const isEverywhere = ({ message }: RuleProblem): boolean =>
      others.every((own) => own.some((other) => other.message === message));
    problems.push(...first.filter(isEverywhere));
  }

  #check(
    path: string,
    expression: string,
    type: ExpressionType,
    eventType: RuleEventType,
    problems: RuleProblem[],
  ): void {
    for (const problem of this.#engine.check(expression, type, eventType)) {
      const message = `${problem.line}:${problem.column} ${problem.message}`;
      if (problems.some((known) => known.path === path && known.message === message)) continue;
      problems.push({ code: problem.code, path, message, problem });
    }
  }
}
