import { criteria, grammarOf } from "../criteria/criteria.ts";
import type { Criterion } from "../criteria/criterion.ts";
import { criterionNames } from "../criteria/criterion-names.ts";
import { grammarNamed } from "../grammars/grammar-named.ts";
import type { StatedGroup } from "../model/stated-policy.ts";
import { nearestName } from "./nearest-name.ts";
import type { ProblemList } from "./problem-list.ts";
import type { RuleSubject } from "./rule-subject.ts";

/**
 * Looks at one criterion of a section: is there such a criterion, may it be used like this, are its values right?
 *
 * @returns the criterion, when there is one of that name.
 *
 * @internal
 */
export function validateGroup(
  group: StatedGroup,
  path: string,
  subject: RuleSubject,
  problems: ProblemList,
): Criterion | undefined {
  if (group.fieldName === undefined) return undefined;
  const criterion = criteria().get(group.fieldName);
  if (criterion === undefined) {
    const near = nearestName(group.fieldName, criterionNames);
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME", `${path}.fieldName`, `is not a criterion${hint}`, {
      value: group.fieldName,
      permitted: criterionNames,
    });
    return undefined;
  }
  validateUse(criterion, path, subject, problems);
  if (group.negate === true && !criterion.negation) {
    use(problems, `${path}.negate`, `${criterion.name} cannot be negated`, true);
  }
  if (criterion.match === "signature" && group.booleanOperator === "AND") {
    use(problems, `${path}.booleanOperator`, `${criterion.name} joins its values by OR only`, "AND", ["OR"]);
  }
  validateValues(criterion, group, path, subject, problems);
  return criterion;
}

/** Whether a policy of that event source and these stages may use the criterion at all. */
function validateUse(criterion: Criterion, path: string, subject: RuleSubject, problems: ProblemList): void {
  const { eventSource, stages } = subject;
  const where = `${path}.fieldName`;
  if (stages?.has("BUILD") === true && !criterion.stages.includes("BUILD") && criterion.stages.includes("DEPLOY")) {
    const message = `${criterion.name} cannot be known of an image alone, so at BUILD it never matches`;
    problems.warning("KINGLET_ERR_POLICY_ENGINE_POLICY_CRITERION", where, message, { value: criterion.name });
  }
  if (eventSource === undefined || criterion.eventSources.includes(eventSource)) return;
  if (eventSource !== "NOT_APPLICABLE") {
    const message = `${criterion.name} cannot be used with the event source ${eventSource}`;
    use(problems, where, message, criterion.name, criterion.eventSources);
  } else if (stages?.has("RUNTIME") !== true) {
    // With RUNTIME, the missing event source is what has to be told.
    use(problems, where, `${criterion.name} is about what happens at RUNTIME; this policy is not`, criterion.name);
  }
}

function validateValues(
  criterion: Criterion,
  group: StatedGroup,
  path: string,
  { eventSource }: RuleSubject,
  problems: ProblemList,
): void {
  const values = group.values ?? [];
  if (values.length === 0) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", `${path}.values`, "must have at least one value");
  } else if (values.length > 1 && !criterion.operators) {
    use(problems, `${path}.values`, `${criterion.name} takes exactly one value`, `${values.length} values`);
  }
  const grammar = grammarNamed(grammarOf(criterion, eventSource ?? "NOT_APPLICABLE"));
  // Which of the two grammars holds is not known then.
  if (eventSource === undefined && grammarOf(criterion, "AUDIT_LOG_EVENT") !== criterion.grammar) return;
  for (const [index, one] of values.entries()) {
    if (one === undefined || problems.isFull) continue;
    const value = one.value ?? "";
    const where = `${path}.values[${index}].value`;
    const parsed = grammar.parse(value);
    if (parsed.kind === "problem") {
      const permitted = grammar.permitted === undefined ? {} : { permitted: grammar.permitted };
      problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", where, parsed.message, { value, ...permitted });
      continue;
    }
    const caution = grammar.caution?.(parsed);
    if (caution !== undefined) problems.warning("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", where, caution, { value });
  }
}

function use(
  problems: ProblemList,
  path: string,
  message: string,
  value: unknown,
  permitted?: readonly string[],
): void {
  const details = permitted === undefined ? { value } : { value, permitted };
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_CRITERION", path, message, details);
}
