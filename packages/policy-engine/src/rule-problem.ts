import type { ExpressionProblem } from "./cel-engine.ts";

/** One thing that is wrong with a rule. @public */
export interface RuleProblem {
  readonly code: ExpressionProblem["code"];
  /** Path inside the rule, e.g. `expressions.ruleExpression[0].expression`. */
  readonly path: string;
  /** One line; for an expression it begins with line and column. */
  readonly message: string;
  /** Present when the problem lies inside an expression. */
  readonly problem?: ExpressionProblem;
}
