import type { Alert } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import { redact } from "@kinglet/logger";
import type { Clock } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import { escapeForTerminal, escapeJson } from "../escape-text.ts";
import { cutBytes } from "./bounded-body.ts";
import type { Exporter } from "./exporter.ts";
import type { HttpClient } from "./http-client.ts";
import { assertOfProtocol, postAlerts } from "./post-alerts.ts";
import { resolvePostTarget, type HttpTargetSettings } from "./settings.ts";

/** @public */
export interface OtlpSettings extends HttpTargetSettings {
  /** Resource attribute `service.name`. @defaultValue "kinglet" */
  readonly serviceName?: string;
}

/**
 * Posts OpenTelemetry log records as JSON to `URL/v1/logs`. JSON and not protobuf: see the README for the measured price.
 *
 * @see OTLP 1.x over HTTP; log data model
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function createOtlpExporter(
  settings: OtlpSettings,
  { client, clock }: { readonly client: HttpClient; readonly clock: Clock },
): Exporter {
  const target = resolvePostTarget("otlp", settings, "/v1/logs");
  const serviceName = settings.serviceName ?? "kinglet";
  return {
    name: "otlp",
    maxBatch: 50,
    send: async (alerts, { signal }) => {
      const body = escapeJson(JSON.stringify(toOtlpLogs(alerts, serviceName, clock.now())));
      const answer = await postAlerts(client, target, body, signal);
      assertOfProtocol(answer, target);
      const rejected = readRejected(answer.text);
      if (rejected === undefined) return;
      throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_REJECTED", {
        target: target.url.origin,
        status: 200,
        // Not said which: the protocol forbids to send the batch again.
        answer: `${rejected.count} of ${alerts.length} records: ${rejected.reason}`,
        rejected: rejected.count,
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The body of an ExportLogsServiceRequest. @internal */
export function toOtlpLogs(alerts: readonly Alert[], serviceName: string, nowMs: number): unknown {
  const attributes = [attribute("service.name", serviceName)];
  const logRecords = alerts.map((alert) => toLogRecord(alert, nowMs));
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope: { name: "kinglet" }, logRecords }] }] };
}

function toLogRecord(alert: Alert, nowMs: number): unknown {
  const { process, profile } = alert;
  const happenedMs = Date.parse(alert.time);
  const values: Readonly<Record<string, string>> = {
    "k8s.cluster.name": alert.clusterName,
    "k8s.node.name": alert.nodeName,
    "k8s.namespace.name": alert.namespace,
    "k8s.pod.name": alert.podName,
    "k8s.pod.uid": alert.podUid,
    "k8s.container.name": alert.containerName,
    "container.id": alert.containerId,
    "container.image.name": alert.image,
    "kinglet.workload.kind": alert.workloadKind,
    "kinglet.workload.name": alert.workloadName,
    "process.executable.path": process.binary,
    "process.command_args": process.args,
    "process.working_directory": process.cwd,
    "kinglet.image.digest": alert.imageDigest ?? "",
    "kinglet.rule.id": alert.ruleId,
    "kinglet.rule.name": alert.ruleName,
    "kinglet.rule.description": alert.ruleDescription ?? "",
    "kinglet.rule.mitre_tactic": alert.mitreTactic ?? "",
    "kinglet.rule.mitre_technique": alert.mitreTechnique ?? "",
    "kinglet.alert.id": alert.uniqueId,
    "kinglet.profile.name": profile?.name ?? "",
    "kinglet.profile.status": profile?.status ?? "",
  };
  const attributes: unknown[] = [];
  for (const [key, value] of Object.entries(values)) if (value !== "") attributes.push(attribute(key, value));
  for (const [name, value] of Object.entries(alert.arguments ?? {})) {
    attributes.push(attribute(`kinglet.argument.${name}`, Array.isArray(value) ? value.join(",") : String(value)));
  }
  if (alert.allowedBy !== undefined) attributes.push(attribute("kinglet.allowed_by", JSON.stringify(alert.allowedBy)));
  if (profile !== undefined)
    attributes.push({ key: "kinglet.profile.fail", value: { boolValue: profile.failOnProfile } });
  if (process.parentPid >= 0)
    attributes.push({ key: "process.parent_pid", value: { intValue: String(process.parentPid) } });
  attributes.push({ key: "kinglet.severity", value: { intValue: String(alert.severity) } });
  if (process.pid >= 0) attributes.push({ key: "process.pid", value: { intValue: String(process.pid) } });
  return {
    timeUnixNano: nanoseconds(Number.isNaN(happenedMs) ? nowMs : happenedMs),
    observedTimeUnixNano: nanoseconds(nowMs),
    // INFO 9, WARN 13, ERROR 17, FATAL 21.
    severityNumber: alert.severity >= 9 ? 21 : alert.severity >= 6 ? 17 : alert.severity >= 3 ? 13 : 9,
    severityText: alert.severity >= 9 ? "FATAL" : alert.severity >= 6 ? "ERROR" : alert.severity >= 3 ? "WARN" : "INFO",
    eventName: "kinglet.alert",
    body: { stringValue: alert.message.toWellFormed() },
    attributes,
  };
}

function attribute(key: string, value: string): unknown {
  // Strict readers refuse a whole batch for half a surrogate pair.
  return { key, value: { stringValue: value.toWellFormed() } };
}

/** Beyond 2^53, so a string; milliseconds are exact and six digits are added. */
function nanoseconds(ms: number): string {
  return `${Math.max(0, Math.trunc(ms))}000000`;
}

function readRejected(text: string): { readonly count: number; readonly reason: string } | undefined {
  if (!text.includes("partialSuccess")) return undefined;
  try {
    const { partialSuccess } = JSON.parse(text) as {
      readonly partialSuccess?: { readonly rejectedLogRecords?: unknown; readonly errorMessage?: unknown };
    };
    const count = Number(partialSuccess?.rejectedLogRecords ?? 0);
    const reason = typeof partialSuccess?.errorMessage === "string" ? partialSuccess.errorMessage : "";
    return count > 0 ? { count, reason: cutBytes(escapeForTerminal(redact(reason)), 1024) } : undefined;
  } catch {
    // The status said delivered; an answer that cannot be read changes nothing.
    return undefined;
  }
}
