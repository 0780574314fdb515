import type { Alert } from "@kinglet/detection";

import { escapeJson } from "../escape-text.ts";
import type { Exporter } from "./exporter.ts";
import type { HttpClient } from "./http-client.ts";
import { postAlerts } from "./post-alerts.ts";
import { resolvePostTarget, wholeNumber, type HttpTargetSettings } from "./settings.ts";

/** @public */
export interface HttpExporterSettings extends HttpTargetSettings {
  /** Added to the address. @defaultValue "/v1/runtimealerts" */
  readonly path?: string;
  /** Alerts in one request, 1 … 50. @defaultValue 50 */
  readonly maxBatch?: number;
}

/**
 * Posts JSON of kind `RuntimeAlerts`, `kubescape.io/v1`, to any receiver. The limit of alerts a minute and the wait for a full
 * batch belong to the lane.
 *
 * @see reference sections 5.7 and 5.9 of the node sensor
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function createHttpExporter(
  settings: HttpExporterSettings,
  { client }: { readonly client: HttpClient },
): Exporter {
  const target = resolvePostTarget("http", settings, settings.path ?? "/v1/runtimealerts");
  return {
    name: "http",
    maxBatch: wholeNumber("http", "maxBatch", settings.maxBatch ?? 50, 1, 50),
    send: async (alerts, { signal }) => {
      const body = {
        kind: "RuntimeAlerts",
        apiVersion: "kubescape.io/v1",
        spec: { alerts: alerts.map(toRuntimeAlert) },
      };
      await postAlerts(client, target, escapeJson(JSON.stringify(body)), signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function toRuntimeAlert(alert: Alert): unknown {
  const { process, profile } = alert;
  return {
    alertName: alert.ruleName,
    alertType: 0,
    ruleID: alert.ruleId,
    uniqueID: alert.uniqueId,
    severity: alert.severity,
    timestamp: alert.time,
    infectedPID: process.pid,
    message: alert.message,
    arguments: { message: alert.message, exec: process.binary, args: process.args },
    clusterName: alert.clusterName,
    nodeName: alert.nodeName,
    namespace: alert.namespace,
    podNamespace: alert.namespace,
    podName: alert.podName,
    podUID: alert.podUid,
    containerName: alert.containerName,
    containerID: alert.containerId,
    image: alert.image,
    workloadKind: alert.workloadKind,
    workloadName: alert.workloadName,
    workloadNamespace: alert.namespace,
    processTree: {
      pid: process.pid,
      ppid: process.parentPid,
      uid: process.uid,
      path: process.binary,
      cmdline: process.args,
      cwd: process.cwd,
      pcomm: process.parentBinary,
    },
    ...(profile !== undefined && {
      profileMetadata: {
        name: profile.name,
        status: profile.status,
        completion: profile.completion,
        failOnProfile: profile.failOnProfile,
      },
    }),
  };
}
