import type { EnforcementAction, PolicyMode, SecurityPolicy } from "@kinglet/policy-engine/security-policy";

/** What existing installations mean by enforcing at deploy time, for both operations. */
const deployActions: ReadonlySet<EnforcementAction> = new Set([
  "SCALE_TO_ZERO_ENFORCEMENT",
  "UNSATISFIABLE_NODE_CONSTRAINT_ENFORCEMENT",
] as const);

/**
 * What a violated policy does to a request: its annotation `kinglet.dev/mode` decides; without one a policy denies when its enforcement actions say so for
 * this operation, and else does what is configured.
 *
 * CREATE: FAIL_DEPLOYMENT_CREATE, UPDATE: FAIL_DEPLOYMENT_UPDATE, both: SCALE_TO_ZERO and UNSATISFIABLE_NODE_CONSTRAINT; CONNECT: FAIL_KUBE_REQUEST.
 *
 * @public
 */
export function enforcementMode(policy: SecurityPolicy, operation: string, defaultMode: PolicyMode): PolicyMode {
  if (policy.mode !== undefined) return policy.mode;
  const { enforcementActions: actions } = policy;
  if (actions.length === 0) return defaultMode;
  return actions.some((action) => enforces(action, operation)) ? "deny" : defaultMode;
}

function enforces(action: EnforcementAction, operation: string): boolean {
  if (operation === "CONNECT") return action === "FAIL_KUBE_REQUEST_ENFORCEMENT";
  if (deployActions.has(action)) return true;
  if (operation === "CREATE") return action === "FAIL_DEPLOYMENT_CREATE_ENFORCEMENT";
  return operation === "UPDATE" && action === "FAIL_DEPLOYMENT_UPDATE_ENFORCEMENT";
}
