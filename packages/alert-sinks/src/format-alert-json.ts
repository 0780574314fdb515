import type { Alert } from "@kinglet/detection";

import { escapeJson } from "./escape-text.ts";

/**
 * One alert as one line of JSON, keys always in the same order, without line end. Reading it back gives the same values; a
 * missing profile is null, and what is optional is left out where it is absent.
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
      repetitionId: alert.repetitionId,
      ruleId: alert.ruleId,
      ruleName: alert.ruleName,
      ruleDescription: alert.ruleDescription,
      mitreTactic: alert.mitreTactic,
      mitreTechnique: alert.mitreTechnique,
      isTriggerAlert: alert.isTriggerAlert,
      severity: alert.severity,
      message: alert.message,
      time: alert.time,
      eventKind: alert.eventKind,
      arguments: alert.arguments,
      clusterName: alert.clusterName,
      nodeName: alert.nodeName,
      namespace: alert.namespace,
      podName: alert.podName,
      podUid: alert.podUid,
      podLabels: alert.podLabels,
      containerName: alert.containerName,
      containerId: alert.containerId,
      image: alert.image,
      imageDigest: alert.imageDigest,
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
      processTree: alert.processTree?.map(({ pid, binary, args }) => ({ pid, binary, args })),
      profile:
        profile === undefined
          ? null
          : {
              name: profile.name,
              status: profile.status,
              completion: profile.completion,
              failOnProfile: profile.failOnProfile,
            },
      profileMetadata: alert.profileMetadata,
      allowedBy: alert.allowedBy,
    }),
  );
}
