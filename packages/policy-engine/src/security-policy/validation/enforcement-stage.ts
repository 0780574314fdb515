import type { EnforcementAction, LifecycleStage } from "../model/policy-names.ts";

/** The stage at which an action can be taken; undefined for the one that means nothing. @internal */
export function enforcementStage(action: EnforcementAction): LifecycleStage | undefined {
  switch (action) {
    case "FAIL_BUILD_ENFORCEMENT":
      return "BUILD";
    case "KILL_POD_ENFORCEMENT":
    case "FAIL_KUBE_REQUEST_ENFORCEMENT":
      return "RUNTIME";
    case "SCALE_TO_ZERO_ENFORCEMENT":
    case "UNSATISFIABLE_NODE_CONSTRAINT_ENFORCEMENT":
    case "FAIL_DEPLOYMENT_CREATE_ENFORCEMENT":
    case "FAIL_DEPLOYMENT_UPDATE_ENFORCEMENT":
      return "DEPLOY";
    case "UNSET_ENFORCEMENT":
      break;
  }
  return undefined;
}
