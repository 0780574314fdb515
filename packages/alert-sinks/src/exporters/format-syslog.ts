import type { Alert } from "@kinglet/detection";

import { escapeForTerminal } from "../escape-text.ts";
import { cutBytes } from "./bounded-body.ts";

/** @internal */
export interface SyslogFormat {
  readonly facility: number;
  readonly hostname: string;
  readonly appName: string;
  readonly procId: string;
  /** IANA private enterprise number of the structured data's name. */
  readonly enterpriseId: number;
  /** The message is cut, at a character boundary, so that the whole fits. */
  readonly maxBytes: number;
}

/** Bytes of one structured value, so that the names of things always fit into a datagram. */
const maxValueBytes = 256;

/**
 * One alert as one RFC 5424 message in UTF-8, without frame.
 *
 * Guarantees: at most `maxBytes`; parses back; no control character, whatever a container put into it.
 *
 * @see RFC 5424 section 6
 * @internal
 */
export function formatSyslog(alert: Alert, format: SyslogFormat, nowMs: number): Buffer {
  const { process, profile } = alert;
  const time = new Date(Date.parse(alert.time) || nowMs).toISOString();
  const priority = format.facility * 8 + syslogSeverity(alert.severity);
  const host = headerField(format.hostname || alert.nodeName, 255);
  const header = `<${priority}>1 ${time} ${host} ${headerField(format.appName, 48)} ${headerField(format.procId, 64)} ${headerField(alert.ruleId, 32)}`;
  const values: Readonly<Record<string, string>> = {
    id: alert.uniqueId,
    rule: alert.ruleId,
    ruleName: alert.ruleName,
    severity: String(alert.severity),
    cluster: alert.clusterName,
    node: alert.nodeName,
    namespace: alert.namespace,
    pod: alert.podName,
    container: alert.containerName,
    containerId: alert.containerId,
    image: alert.image,
    workload: alert.workloadName === "" ? "" : `${alert.workloadKind}/${alert.workloadName}`,
    pid: process.pid < 0 ? "" : String(process.pid),
    uid: process.uid < 0 ? "" : String(process.uid),
    binary: process.binary,
    args: process.args,
    profile: profile?.name ?? "",
    profileStatus: profile?.status ?? "",
    allowedBy: alert.allowedBy === undefined ? "" : JSON.stringify(alert.allowedBy),
  };
  let head = `${header} [alert@${format.enterpriseId}`;
  let room = format.maxBytes - Buffer.byteLength(head) - 5;
  for (const [name, value] of Object.entries(values)) {
    if (value === "") continue;
    const parameter = ` ${name}="${structuredValue(value)}"`;
    const bytes = Buffer.byteLength(parameter);
    if (bytes > room) continue;
    room -= bytes;
    head += parameter;
  }
  // A byte order mark says that the message is UTF-8.
  return Buffer.from(`${head}] \ufeff${cutBytes(escapeForTerminal(alert.message), room)}`, "utf8");
}

/** Cut first, escaped after: a cut never leaves half an escape. @internal */
export function structuredValue(value: string): string {
  return cutBytes(escapeForTerminal(value), maxValueBytes).replace(/["\\\]]/g, "\\$&");
}

/** Printable ASCII without blanks, `-` for nothing. */
function headerField(text: string, maxLength: number): string {
  return text.replace(/[^\u0021-\u007e]/g, "_").slice(0, maxLength) || "-";
}

/** 9 and 10 critical, 7 and 8 error, 4 … 6 warning, else notice. */
function syslogSeverity(severity: number): number {
  if (severity >= 9) return 2;
  if (severity >= 7) return 3;
  return severity >= 4 ? 4 : 5;
}
