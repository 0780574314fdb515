import { criteria } from "../criteria/criteria.ts";
import { enforcementStage } from "./enforcement-stage.ts";
import type { ProblemList } from "./problem-list.ts";
import type { RuleSubject } from "./rule-subject.ts";

/**
 * The rules about enforcement actions. An action of a stage that the policy does not have is a warning: the original drops it,
 * so existing policies have some.
 *
 * @internal
 */
export function validateEnforcement({ stated, stages, eventSource }: RuleSubject, problems: ProblemList): void {
  if (stages === undefined) return;
  let effective: string | undefined;
  for (const [index, action] of (stated.enforcementActions ?? []).entries()) {
    if (action === undefined) continue;
    const path = `spec.enforcementActions[${index}]`;
    const stage = enforcementStage(action);
    if (stage === undefined) continue;
    if (!stages.has(stage)) {
      const message = `has no effect: it belongs to ${stage}, which is not a stage of this policy`;
      problems.warning("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", path, message, { value: action });
    } else if (eventSource === "AUDIT_LOG_EVENT") {
      combination(problems, path, "audit-log policies cannot act: the request is over when they hear of it", action);
    } else effective = action;
  }
  if (effective === undefined) return;
  for (const [index, section] of (stated.policySections ?? []).entries()) {
    for (const [position, group] of (section?.policyGroups ?? []).entries()) {
      const criterion = criteria().get(group?.fieldName ?? "");
      if (criterion === undefined || criterion.enforceable) continue;
      const path = `spec.policySections[${index}].policyGroups[${position}].fieldName`;
      combination(problems, path, `${criterion.name} cannot stand in a policy with enforcement`, criterion.name);
    }
  }
}

function combination(problems: ProblemList, path: string, message: string, value: string): void {
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", path, message, { value });
}
