import type { Finding } from "@kinglet/enrichment";

import type { Alert } from "./alert.ts";

/**
 * What another program has judged, as an alert: no rule, no profile and no process of ours.
 *
 * @param origin - names for what the finding does not say.
 *
 * @public
 */
export function createAlertFromFinding(
  finding: Finding,
  origin: { readonly clusterName: string; readonly nodeName: string },
): Alert {
  const { source, user, details } = finding;
  return {
    uniqueId: finding.uniqueId,
    ruleId: finding.ruleId,
    ruleName: finding.ruleName,
    severity: finding.severity,
    message: finding.message,
    time: finding.time,
    eventKind: source,
    arguments: user === "" ? details : { user, ...details },
    clusterName: origin.clusterName,
    nodeName: finding.nodeName || origin.nodeName,
    namespace: finding.namespace,
    podName: finding.podName,
    podUid: "",
    containerName: finding.containerName,
    containerId: "",
    image: "",
    workloadKind: "",
    workloadName: "",
    process: { pid: -1, uid: -1, binary: "", args: "", cwd: "", execId: "", parentBinary: "", parentPid: -1 },
    profile: undefined,
  };
}
