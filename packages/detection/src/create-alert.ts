import type { ContainerIdentity, ExecEvent } from "@kinglet/enrichment";
import { redact } from "@kinglet/logger";
import type { RuleDefinition } from "@kinglet/policy-engine";

import { createAlertId } from "./alert-id.ts";
import type { Alert } from "./alert.ts";
import type { DetectorOptions, ProfileView } from "./detector.ts";

/** What an alert is made of. @internal */
export interface AlertSource {
  readonly rule: RuleDefinition;
  readonly message: string;
  readonly event: ExecEvent;
  readonly container: ContainerIdentity;
  readonly profile: ProfileView | undefined;
  readonly origin: Pick<DetectorOptions, "clusterName" | "nodeName" | "workloadOf">;
}

/**
 * Fills an alert. Arguments and message are redacted here, so that no sink ever holds a password.
 *
 * @internal
 */
export function createAlert(source: AlertSource): Alert {
  const { rule, message, event, container, profile, origin } = source;
  const workload = origin.workloadOf?.(container);
  return {
    // A filter of the source may take the id away: without a stand-in all executions of the container would count as one.
    uniqueId: createAlertId(rule.id, container.containerId, event.execId || `${event.time}/${event.pid}`),
    ruleId: rule.id,
    ruleName: rule.name,
    severity: rule.severity,
    message: redact(message),
    time: event.time,
    clusterName: origin.clusterName,
    nodeName: container.nodeName || event.nodeName || origin.nodeName,
    namespace: container.namespace,
    podName: container.podName,
    podUid: container.podUid,
    containerName: container.containerName,
    containerId: container.containerId,
    image: container.image,
    workloadKind: workload?.kind ?? container.ownerKind,
    workloadName: workload?.name ?? container.ownerName,
    process: {
      pid: event.pid,
      uid: event.uid,
      binary: event.binary,
      args: redact(event.args),
      cwd: event.cwd,
      execId: event.execId,
      parentBinary: event.parentBinary,
      parentPid: event.parentPid,
    },
    profile: profile && {
      name: profile.name,
      status: profile.status,
      completion: profile.completion,
      failOnProfile: profile.status === "completed",
    },
  };
}
