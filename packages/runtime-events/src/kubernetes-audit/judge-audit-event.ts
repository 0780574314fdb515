import type { Finding } from "@kinglet/enrichment";
import { redact } from "@kinglet/logger";
import { isObject } from "../json-object.ts";
import { boundedText } from "../webhook/bounded-text.ts";
import { isTime } from "../webhook/is-time.ts";
import type { KubernetesAuditEvent } from "./audit-event.ts";
import { auditRules, type AuditRule } from "./audit-rules.ts";
import { commandText } from "./command-text.ts";
import { isDryRun, readQuery, unescapePercent } from "./request-query.ts";

const maxText = 256;

/** What a rule has found out. */
interface Match {
  readonly rule: AuditRule;
  /** What was done, to follow "user X": "ran sh in pod a/b". */
  readonly deed: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly nodeName: string;
  readonly details: Readonly<Record<string, string>>;
}

/**
 * Judges one audit event. For a request that lasts it is judged when it begins (`ResponseStarted`): an exec may take hours. The later stages of the
 * same request give the same finding again; whoever calls tells them apart.
 *
 * A request that was refused or failed is a finding too, with `details.outcome` "denied" or "failed", half the severity, and a message that says
 * so. Attempts without effect (`dryRun`) are none.
 *
 * @param uniqueId - what the finding is to be known by, without its rule.
 * @param receivedAt - RFC 3339; stands in for times that are none.
 * @returns undefined when there is nothing to say.
 *
 * @internal
 */
export function judgeAuditEvent(
  event: KubernetesAuditEvent,
  uniqueId: () => string,
  receivedAt: () => string,
): Finding | undefined {
  if (event.stage === "RequestReceived") return undefined;
  const match = matchOf(event);
  if (match === undefined) return undefined;
  const { rule, namespace, podName, containerName, nodeName } = match;
  const outcome = outcomeOf(event.responseCode);
  const user = bounded(event.user === "" ? "nobody" : event.user);
  const code = event.responseCode === 0 ? "no status" : String(event.responseCode);
  const ending = outcome === "allowed" ? "" : ` (${outcome}: ${code})`;
  const actor = event.impersonatedUser === "" ? user : `${user} as ${bounded(event.impersonatedUser)}`;
  return {
    source: "kubernetes-audit",
    ruleId: rule.id,
    ruleName: rule.name,
    severity: outcome === "allowed" ? rule.severity : Math.ceil(rule.severity / 2),
    message: `${rule.name}: ${actor} ${outcome === "allowed" ? match.deed : `tried: ${match.deed}`}${ending}`,
    time: [event.stageAt, event.receivedAt].find(isTime) ?? receivedAt(),
    namespace: bounded(namespace),
    podName: bounded(podName),
    containerName: bounded(containerName),
    nodeName: bounded(nodeName),
    user: bounded(event.user),
    uniqueId: `${rule.id}/${uniqueId()}`,
    details: {
      outcome,
      responseCode: code,
      verb: bounded(event.verb),
      resource: bounded(event.subresource === "" ? event.resource : `${event.resource}/${event.subresource}`),
      stage: event.stage,
      auditId: bounded(event.auditId),
      sourceIps: bounded(event.sourceIps.join(", ")),
      userAgent: bounded(redact(event.userAgent.slice(0, 2 * maxText))),
      ...(event.impersonatedUser === "" ? {} : { impersonatedUser: bounded(event.impersonatedUser) }),
      ...match.details,
    },
  };
}

function matchOf(event: KubernetesAuditEvent): Match | undefined {
  if (event.resource === "pods") {
    if (event.subresource === "exec" || event.subresource === "attach") return streamMatch(event);
    if (event.subresource === "portforward") return portForwardMatch(event);
    if (event.subresource === "ephemeralcontainers" && event.verb !== "get") return debugMatch(event);
  }
  if (event.resource === "nodes" && event.subresource === "proxy") {
    const match = kubeletMatch(event);
    if (match !== undefined) return match;
  }
  return anonymousMatch(event);
}

function streamMatch(event: KubernetesAuditEvent): Match {
  const query = readQuery(event.requestUri, ["command", "container", "stdin", "tty"]);
  const isExec = event.subresource === "exec";
  const containerName = query.get("container")?.[0] ?? "";
  const command = commandText(query.get("command") ?? []);
  const where = `${event.namespace}/${event.name}`;
  return {
    rule: isExec ? auditRules.exec : auditRules.attach,
    deed: bounded(isExec ? `ran ${command} in pod ${where}` : `attached to pod ${where}`, 1400),
    namespace: event.namespace,
    podName: event.name,
    containerName,
    nodeName: "",
    details: { ...(isExec ? { command } : {}), ...flagsOf(query, ["stdin", "tty"]) },
  };
}

function portForwardMatch(event: KubernetesAuditEvent): Match {
  // Over WebSocket the ports stand in the query; over SPDY they follow later and nobody writes them down.
  const ports = bounded((readQuery(event.requestUri, ["ports"]).get("ports") ?? []).join(","));
  return {
    rule: auditRules.portForward,
    deed: `forwarded ${ports === "" ? "ports" : `port ${ports}`} of pod ${event.namespace}/${event.name}`,
    namespace: event.namespace,
    podName: event.name,
    containerName: "",
    nodeName: "",
    details: ports === "" ? {} : { ports },
  };
}

function debugMatch(event: KubernetesAuditEvent): Match | undefined {
  if (isDryRun(event.requestUri)) return undefined;
  const spec = event.requestObject?.["spec"];
  const added = isObject(spec) && Array.isArray(spec["ephemeralContainers"]) ? spec["ephemeralContainers"] : [];
  const last: unknown = added.at(-1);
  const container = isObject(last) ? last : {};
  const textAt = (name: string): string => (typeof container[name] === "string" ? bounded(container[name]) : "");
  const [containerName, image, target] = [textAt("name"), textAt("image"), textAt("targetContainerName")];
  return {
    rule: auditRules.debugContainer,
    deed: `added debug container ${containerName === "" ? "(name not recorded)" : containerName} to pod ${event.namespace}/${event.name}`,
    namespace: event.namespace,
    podName: event.name,
    containerName,
    nodeName: "",
    details: { ...(image === "" ? {} : { image }), ...(target === "" ? {} : { targetContainer: target }) },
  };
}

/** Exec, run, attach and port-forward of the kubelet itself, which Kubernetes authorises as mere access to a node. */
function kubeletMatch(event: KubernetesAuditEvent): Match | undefined {
  const [action = "", namespace = "", podName = "", ...rest] = kubeletPath(event.requestUri);
  if (!/^(?:exec|run|attach|portForward)$/.test(action)) return undefined;
  const parameter = action === "run" ? "cmd" : "command";
  const command = commandText(readQuery(event.requestUri, [parameter]).get(parameter) ?? []);
  const nodeName = event.name.replace(/^https?:/, "").replace(/:\d*$/, "");
  return {
    rule: auditRules.kubeletCommand,
    deed: bounded(
      `used ${action} ${command === "" ? "" : `${command} `}in pod ${namespace}/${podName} through node ${nodeName}`,
      1400,
    ),
    namespace,
    podName,
    containerName: action === "portForward" ? "" : (rest.at(-1) ?? ""),
    nodeName,
    details: { action, ...(command === "" ? {} : { command }) },
  };
}

/** Somebody who showed nothing was let at a resource. The one that `kubeadm join` needs is meant to be public. */
function anonymousMatch(event: KubernetesAuditEvent): Match | undefined {
  if (event.resource === "" || outcomeOf(event.responseCode) !== "allowed") return undefined;
  if (event.user !== "system:anonymous" && !event.groups.includes("system:unauthenticated")) return undefined;
  const isClusterInfo =
    event.resource === "configmaps" && event.namespace === "kube-public" && event.name === "cluster-info";
  if (isClusterInfo && event.verb === "get") return undefined;
  const what = event.subresource === "" ? event.resource : `${event.resource}/${event.subresource}`;
  const where = [event.namespace, event.name].filter((part) => part !== "").join("/");
  const isPod = event.resource === "pods";
  return {
    rule: auditRules.anonymousAccess,
    deed: bounded(`did ${event.verb} ${what}${where === "" ? "" : ` ${where}`}`, 1400),
    namespace: event.namespace,
    podName: isPod ? event.name : "",
    containerName: "",
    nodeName: event.resource === "nodes" ? event.name : "",
    details: event.name === "" ? {} : { name: bounded(event.name) },
  };
}

function outcomeOf(code: number): "allowed" | "denied" | "failed" {
  if (code === 401 || code === 403) return "denied";
  return code >= 100 && code < 400 ? "allowed" : "failed";
}

function flagsOf(
  query: ReadonlyMap<string, readonly string[]>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const flags: Record<string, string> = {};
  for (const name of names) {
    const value = query.get(name)?.[0];
    if (value === "true" || value === "1") flags[name] = "true";
  }
  return flags;
}

/**
 * Parts of `/api/v1/nodes/NODE/proxy/ACTION/NAMESPACE/POD/...` from ACTION on, as the kubelet finds them: API servers take the escapes out of the
 * whole path before they take it apart (`run%2Fshop` has two parts), then follow the dots, not beyond the kubelet's root.
 */
function kubeletPath(uri: string): readonly string[] {
  const segments: string[] = [];
  const [path = ""] = uri.split("?", 1);
  for (const segment of unescapePercent(path).split("/").slice(6)) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments;
}

function bounded(text: string, maxLength: number = maxText): string {
  return boundedText(text, maxLength);
}
