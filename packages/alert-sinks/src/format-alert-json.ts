import type { Alert } from "@kinglet/detection";

import { escapeJson } from "./escape-text.ts";

/**
 * One alert as one line of JSON, keys always in the same order, without line end. Reading it back gives the same values; a
 * missing profile is null.
 *
 * Guarantees: no character that acts on a terminal, no raw line break of any kind.
 *
 * @internal
 */
export function formatAlertJson(alert: Alert): string {
  const { process, profile } = alert;
  return escapeJson(
    JSON.stringify({
      uniqueId: alert.uniqueId,
      ruleId: alert.ruleId,
      ruleName: alert.ruleName,
      severity: alert.severity,
      message: alert.message,
      time: alert.time,
      clusterName: alert.clusterName,
      nodeName: alert.nodeName,
      namespace: alert.namespace,
      podName: alert.podName,
      podUid: alert.podUid,
      containerName: alert.containerName,
      containerId: alert.containerId,
      image: alert.image,
      workloadKind: alert.workloadKind,
      workloadName: alert.workloadName,
      process: {
        pid: process.pid,
        uid: process.uid,
        binary: process.binary,
        args: process.args,
        cwd: process.cwd,
        execId: process.execId,
        parentBinary: process.parentBinary,
        parentPid: process.parentPid,
      },
      profile:
        profile === undefined
          ? null
          : {
              name: profile.name,
              status: profile.status,
              completion: profile.completion,
              failOnProfile: profile.failOnProfile,
            },
    }),
  );
}
