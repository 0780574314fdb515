export {
  defaultCelLimits,
  type CelEngine,
  type CelEngineModule,
  type CelEngineOptions,
  type CelLimits,
  type CompiledExpression,
  type ExpressionProblem,
  type ExpressionType,
  type RuleVariables,
} from "./cel-engine.ts";
export {
  celFunctionDeclarations,
  celFunctionName,
  type CelFunctionDeclaration,
  type CelFunctionName,
  type CelFunctions,
  type CelFunctionTypes,
  type CelType,
} from "./cel-functions.ts";
export { policyEngineErrors, type PolicyEngineErrorCode } from "./errors.ts";
export { eventFieldTypes, type EventField, type EventFieldValues, type RuleEvent } from "./event-fields.ts";
export { loadCelEngine } from "./lazy.ts";
export { compilePrefilter, Prefilter, prefilterKeys, prefilterProblems, type PrefilterFacts } from "./prefilter.ts";
export type { ProfileData, ProfilePattern, ProfileQuestion, ProfileSurface } from "./profile-data.ts";
export { pureCelFunctions } from "./pure-cel-functions.ts";
export { readRules, type RulesReading } from "./read-rules.ts";
export {
  profileDependency,
  type ProfileDependency,
  type RuleDefinition,
  type RuleEventType,
  type RuleExpression,
} from "./rule-definition.ts";
export { type RuleProblem } from "./rule-problem.ts";
export { RuleProgram } from "./rule-program.ts";
