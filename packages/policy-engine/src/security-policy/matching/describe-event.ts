import type { Violation } from "../evaluation/policy-verdict.ts";
import type { AuditLogEvent, FileAccessEvent, KubeEvent, RuntimePolicyEvent } from "../evaluation/runtime-event.ts";
import { quoted } from "./say.ts";

type Attributes = readonly (readonly [name: string, value: string])[];

/** The one violation an event stands for, whichever criteria found it. @internal */
export function describeEvent(event: RuntimePolicyEvent): Violation {
  switch (event.kind) {
    case "process": {
      const { process } = event;
      const known = process.isInBaseline === false ? "unexpected process" : "process";
      return {
        kind: "process",
        message:
          `${known} ${quoted(process.path)} ran in container ${quoted(event.containerName)} ` +
          `as user ${process.uid} with arguments ${quoted(process.arguments)}`,
        attributes: present([
          ["Path", process.path],
          ["Arguments", process.arguments],
          ["UID", String(process.uid)],
          ["Ancestors", process.ancestors.join(", ")],
        ]),
      };
    }
    case "networkFlow": {
      const known = event.isInBaseline === false ? "unexpected flow" : "flow";
      return {
        kind: "networkFlow",
        message:
          `${known} from ${quoted(event.source)} to ${quoted(event.destination)}, ` +
          `port ${event.port}, protocol ${quoted(event.protocol)}`,
        attributes: [],
      };
    }
    case "kubeEvent":
      return { kind: "kubernetesEvent", message: describeKubeEvent(event), attributes: kubeAttributes(event) };
    case "auditLog":
      return { kind: "kubernetesEvent", message: describeAudit(event), attributes: auditAttributes(event) };
    default:
      return { kind: "fileAccess", message: describeFileAccess(event), attributes: fileAttributes(event) };
  }
}

function describeKubeEvent(event: KubeEvent): string {
  const container = event.containerName === "" ? "" : `, container ${quoted(event.containerName)}`;
  const pod = `pod ${quoted(event.pod)}${container}`;
  if (event.resource === "PODS_PORTFORWARD") {
    const ports = event.ports.length === 0 ? "" : `, ports ${event.ports.slice(0, 20).join(", ")}`;
    return `port-forward to ${pod}${ports}`;
  }
  if (event.resource === "PODS_ATTACH") return `attach to ${pod}`;
  const commands = event.commands.length === 0 ? "" : `, command ${quoted(event.commands.join(" "))}`;
  return `exec into ${pod}${commands}`;
}

function kubeAttributes(event: KubeEvent): Attributes {
  return present([
    ["Namespace", event.namespace],
    ["User", event.user],
    ["Groups", event.groups.join(", ")],
    ["Impersonated user", event.impersonatedUser],
  ]);
}

function describeAudit(event: AuditLogEvent): string {
  const namespace = event.namespace === "" ? "" : ` in namespace ${quoted(event.namespace)}`;
  return `${quoted(event.verb)} of ${quoted(event.resource)} ${quoted(event.name)}${namespace} was requested`;
}

function auditAttributes(event: AuditLogEvent): Attributes {
  return present([
    ["User", event.user],
    ["Groups", event.groups.join(", ")],
    ["Impersonated user", event.impersonatedUser],
    ["Source IPs", event.sourceIps.join(", ")],
    ["User agent", event.userAgent],
    ["Request URI", event.requestUri],
  ]);
}

const operationsInPast: Readonly<Record<string, string>> = {
  OPEN: "opened",
  CREATE: "created",
  RENAME: "renamed",
  UNLINK: "removed",
  OWNERSHIP_CHANGE: "given to another owner",
  PERMISSION_CHANGE: "given other permissions",
  XATTR_CHANGE: "given other extended attributes",
};

function describeFileAccess(event: FileAccessEvent): string {
  const done = Object.hasOwn(operationsInPast, event.operation) ? operationsInPast[event.operation] : "accessed";
  const target = event.movedTo === "" ? "" : ` to ${quoted(event.movedTo)}`;
  return `file ${quoted(event.path)} was ${done}${target}`;
}

function fileAttributes(event: FileAccessEvent): Attributes {
  return present([
    ["Container", event.containerName],
    ["Process", event.process?.path ?? ""],
    ["Arguments", event.process?.arguments ?? ""],
    ["UID", event.process === undefined ? "" : String(event.process.uid)],
  ]);
}

function present(attributes: Attributes): Attributes {
  return attributes.filter((attribute) => attribute[1] !== "");
}
