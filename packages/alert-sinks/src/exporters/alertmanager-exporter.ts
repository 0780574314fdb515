import type { Alert } from "@kinglet/detection";
import type { Clock } from "@kinglet/lifecycle";

import { cutBytes } from "./bounded-body.ts";
import type { Exporter } from "./exporter.ts";
import type { HttpClient } from "./http-client.ts";
import { assertOfProtocol, postAlerts } from "./post-alerts.ts";
import { resolvePostTarget, wholeNumber, type HttpTargetSettings } from "./settings.ts";

/** @public */
export interface AlertmanagerSettings extends HttpTargetSettings {
  /** Label `alertname`. @defaultValue "KubescapeRuleViolated" */
  readonly alertName?: string;
  /** Milliseconds after which an alert counts as resolved, 1000 … 604800000. @defaultValue 3600000 */
  readonly resolveAfterMs?: number;
}

/**
 * Posts to the v2 API of Alertmanager, `URL/api/v2/alerts`: one alert per violation, which ends by itself.
 *
 * @see reference section 5.9 of the node sensor; the Alertmanager API, version 2
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function createAlertmanagerExporter(
  settings: AlertmanagerSettings,
  { client, clock }: { readonly client: HttpClient; readonly clock: Clock },
): Exporter {
  const target = resolvePostTarget("alertmanager", settings, "/api/v2/alerts");
  const alertName = settings.alertName ?? "KubescapeRuleViolated";
  const resolveAfterMs = settings.resolveAfterMs ?? 3_600_000;
  wholeNumber("alertmanager", "resolveAfterMs", resolveAfterMs, 1_000, 604_800_000);
  return {
    name: "alertmanager",
    maxBatch: 50,
    send: async (alerts, { signal }) => {
      const body = alerts.map((alert) => toPostable(alert, alertName, clock.now(), resolveAfterMs));
      assertOfProtocol(await postAlerts(client, target, JSON.stringify(body), signal), target);
    },
    // The client is shared; its owner closes it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function toPostable(alert: Alert, alertName: string, nowMs: number, resolveAfterMs: number): unknown {
  const { process, profile } = alert;
  // Not after now: a node whose clock is ahead would give an alert that ends before it starts, which is refused.
  const happenedMs = Math.min(Date.parse(alert.time), nowMs);
  const values: Readonly<Record<string, string>> = {
    alertname: alertName,
    rule_name: alert.ruleName,
    rule_id: alert.ruleId,
    severity: String(alert.severity),
    cluster_name: alert.clusterName,
    host: alert.nodeName,
    node_name: alert.nodeName,
    namespace: alert.namespace,
    pod_name: alert.podName,
    pod_uid: alert.podUid,
    container_name: alert.containerName,
    container_id: alert.containerId,
    workload_kind: alert.workloadKind,
    workload_name: alert.workloadName,
    pid: process.pid < 0 ? "" : String(process.pid),
    ppid: process.parentPid < 0 ? "" : String(process.parentPid),
    uid: process.uid < 0 ? "" : String(process.uid),
    comm: lastPart(process.binary),
    pcomm: lastPart(process.parentBinary),
    fail_on_profile: profile === undefined ? "" : String(profile.failOnProfile),
    profile_status: profile?.status ?? "",
    processtree_depth: alert.processTree === undefined ? "" : String(alert.processTree.length + 1),
    unique_id: alert.uniqueId,
  };
  const labels: Record<string, string> = {};
  // Alertmanager holds an empty label for an absent one; labels are an index, so long ones are cut.
  for (const [name, value] of Object.entries(values))
    if (value !== "") labels[name] = cutBytes(value.toWellFormed(), 1024);
  return {
    labels,
    annotations: {
      summary: annotation(alert.ruleName),
      description: annotation(alert.ruleDescription ?? ""),
      message: annotation(alert.message),
      image: annotation(alert.image),
      binary: annotation(process.binary),
      args: annotation(process.args),
      profile: annotation(profile?.name ?? ""),
      allowed_by: annotation(alert.allowedBy === undefined ? "" : JSON.stringify(alert.allowedBy)),
    },
    startsAt: new Date(Number.isNaN(happenedMs) ? nowMs : happenedMs).toISOString(),
    // From now, not from the event: one that was delivered late must not be over on arrival.
    endsAt: new Date(nowMs + resolveAfterMs).toISOString(),
  };
}

/** Receivers pass annotations on into mails and chats: a command line of a container must not fill them. */
function annotation(text: string): string {
  return cutBytes(text.toWellFormed(), 4096);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
