import type { ProblemList } from "./problem-list.ts";
import { isUuid, type RuleSubject } from "./rule-subject.ts";
import { validateEnforcement } from "./validate-enforcement.ts";
import { validateScopes } from "./validate-scopes.ts";
import { validateSections } from "./validate-sections.ts";

/** All rules about a policy whose shape has been looked at; what the shape made undefined is left out. @internal */
export function validatePolicy(subject: RuleSubject, problems: ProblemList): void {
  validateTexts(subject, problems);
  validateLists(subject, problems);
  validateEventSource(subject, problems);
  validateScopes(subject, problems);
  validateEnforcement(subject, problems);
  validateSections(subject, problems);
}

function validateTexts({ stated }: RuleSubject, problems: ProblemList): void {
  const { policyName, description = "", severity } = stated;
  if (policyName !== undefined) {
    const length = countCharacters(policyName.trim());
    if (length < 5 || length > 128) {
      value(problems, "spec.policyName", `must have 5 to 128 characters, has ${length}`, policyName);
    }
    if (/[\n\r$]/.test(policyName.trim())) {
      value(problems, "spec.policyName", "must not have a line break or a dollar sign", policyName);
    }
  }
  const length = countCharacters(description);
  if (length > 800) value(problems, "spec.description", `must have at most 800 characters, has ${length}`, description);
  if (description.includes("$")) value(problems, "spec.description", "must not have a dollar sign", description);
  if (severity === "UNSET_SEVERITY") {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", "spec.severity", "must be set", {
      value: severity,
      permitted: ["LOW_SEVERITY", "MEDIUM_SEVERITY", "HIGH_SEVERITY", "CRITICAL_SEVERITY"],
    });
  }
}

function validateLists({ stated, knownNotifiers: known }: RuleSubject, problems: ProblemList): void {
  if (stated.categories?.length === 0) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", "spec.categories", "must have at least one category");
  }
  const seen = new Set<string>();
  for (const [index, category] of (stated.categories ?? []).entries()) {
    if (category === undefined) continue;
    if (seen.has(category)) value(problems, `spec.categories[${index}]`, "is there already", category);
    seen.add(category);
  }
  if (stated.lifecycleStages?.length === 0) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", "spec.lifecycleStages", "must have at least one stage");
  }
  if (known === undefined) return;
  for (const [index, notifier] of (stated.notifiers ?? []).entries()) {
    if (notifier === undefined || known.has(notifier) || isUuid(notifier)) continue;
    const details = { value: notifier, permitted: [...known] };
    const path = `spec.notifiers[${index}]`;
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME", path, "is not a known notifier", details);
  }
}

/** An event source is set for RUNTIME policies and only for them, so RUNTIME is the only stage of a policy that has it. */
function validateEventSource({ stated, stages, eventSource }: RuleSubject, problems: ProblemList): void {
  if (stages === undefined || stages.size === 0 || eventSource === undefined) return;
  const isSet = eventSource !== "NOT_APPLICABLE";
  if (stages.has("RUNTIME") && !isSet) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", "spec.eventSource", "a RUNTIME policy needs one", {
      value: stated.eventSource,
      permitted: ["DEPLOYMENT_EVENT", "AUDIT_LOG_EVENT", "NODE_EVENT"],
    });
  }
  if (isSet && (stages.has("BUILD") || stages.has("DEPLOY"))) {
    const message =
      "a policy for BUILD or DEPLOY listens to no events; make two policies of it where RUNTIME is meant, too";
    const details = { value: eventSource, permitted: ["NOT_APPLICABLE"] };
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", "spec.eventSource", message, details);
  }
  if ((stated.evaluationFilter?.skipContainerTypes ?? []).length === 0) return;
  const isBuildOnly = stages.size === 1 && stages.has("BUILD");
  if (!isBuildOnly && eventSource !== "AUDIT_LOG_EVENT" && eventSource !== "NODE_EVENT") return;
  const message = "there are no containers to leave out in policies for BUILD alone, the audit log or nodes";
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", "spec.evaluationFilter", message);
}

function value(problems: ProblemList, path: string, message: string, found: string): void {
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", path, message, { value: found });
}

/** Code points, as the original counts. */
function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1) count += 1;
  return count;
}
