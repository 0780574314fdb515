import type { NetworkPolicyCoverage } from "../evaluation/evaluation-subject.ts";
import { objectIn, textIn, textsIn } from "../workload/json-reading.ts";
import type { Workload } from "../workload/workload.ts";
import { selects } from "./label-selector.ts";

/**
 * In which directions network policies govern the pods of a workload.
 *
 * @param policies - NetworkPolicy objects as parsed from JSON, of any namespace; whatever else is among them is passed over.
 *
 * @public
 */
export function readNetworkPolicyCoverage(workload: Workload, policies: readonly unknown[]): NetworkPolicyCoverage {
  let ingress = false;
  let egress = false;
  for (const one of policies) {
    const policy = objectIn(one);
    const metadata = objectIn(policy["metadata"]);
    if (policy["kind"] !== "NetworkPolicy" || (textIn(metadata["namespace"]) || "default") !== workload.namespace)
      continue;
    const spec = objectIn(policy["spec"]);
    if (!selects(spec["podSelector"], workload.podLabels)) continue;
    const types = textsIn(spec["policyTypes"]);
    // Without types the API server takes Ingress, and Egress when there are rules for it.
    ingress ||= types.length === 0 || types.includes("Ingress");
    egress ||= types.length === 0 ? Array.isArray(spec["egress"]) : types.includes("Egress");
  }
  return { ingress, egress };
}
