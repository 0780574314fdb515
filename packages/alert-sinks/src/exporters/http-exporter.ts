import type { Alert } from "@kinglet/detection";
import type { Clock } from "@kinglet/lifecycle";

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
  { client, clock }: { readonly client: HttpClient; readonly clock: Clock },
): Exporter {
  const target = resolvePostTarget("http", settings, settings.path ?? "/v1/runtimealerts");
  return {
    name: "http",
    maxBatch: wholeNumber("http", "maxBatch", settings.maxBatch ?? 50, 1, 50),
    send: async (alerts, { signal }) => {
      const body = {
        kind: "RuntimeAlerts",
        apiVersion: "kubescape.io/v1",
        spec: { alerts: alerts.map((alert) => toRuntimeAlert(alert, clock.now())) },
      };
      await postAlerts(client, target, escapeJson(JSON.stringify(body, wellFormed)), signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function toRuntimeAlert(alert: Alert, nowMs: number): unknown {
  const { process, profileMetadata } = alert;
  const isTime = !Number.isNaN(Date.parse(alert.time));
  return {
    alertName: alert.ruleName,
    alertType: 0,
    alertSourcePlatform: "kinglet",
    ruleID: alert.ruleId,
    ruleDescription: alert.ruleDescription ?? "",
    isTriggerAlert: alert.isTriggerAlert ?? false,
    uniqueID: alert.uniqueId,
    severity: alert.severity,
    mitreTactic: alert.mitreTactic,
    mitreTechnique: alert.mitreTechnique,
    timestamp: isTime ? alert.time : new Date(nowMs).toISOString(),
    infectedPID: process.pid,
    message: alert.message,
    arguments: { exec: process.binary, args: process.args, ...alert.arguments, message: alert.message },
    identifiers: {
      process: { name: lastPart(process.binary), commandLine: process.args },
      ...(alert.eventKind === "open" && {
        file: { name: lastPart(textOf(alert, "path")), path: textOf(alert, "path") },
      }),
      ...(alert.eventKind === "dns" && { dns: { domain: textOf(alert, "domain") } }),
      ...(alert.eventKind === "network" && {
        network: { dstIP: textOf(alert, "ip"), dstPort: alert.arguments?.["port"], protocol: textOf(alert, "proto") },
      }),
    },
    clusterName: alert.clusterName,
    nodeName: alert.nodeName,
    namespace: alert.namespace,
    podNamespace: alert.namespace,
    podName: alert.podName,
    podUID: alert.podUid,
    podLabels: alert.podLabels,
    containerName: alert.containerName,
    containerID: alert.containerId,
    image: alert.image,
    imageDigest: alert.imageDigest,
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
      pcomm: lastPart(process.parentBinary),
      ancestors: alert.processTree?.map(({ pid, binary, args }) => ({ pid, path: binary, cmdline: args })),
    },
    // Only of rules to which profiles matter.
    profileMetadata,
    allowedBy: alert.allowedBy,
  };
}

/** Strict readers refuse a whole batch for half a surrogate pair. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function textOf(alert: Alert, name: string): string {
  const value = alert.arguments?.[name];
  return value === undefined ? "" : String(value);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
