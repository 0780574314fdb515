import type { Alert } from "@kinglet/detection";

/** The first line of each file. @internal */
export const csvHeader =
  "time,rule_id,rule_name,severity,message,cluster,node,namespace,pod,pod_uid,container,container_id,image,workload_kind,workload_name,pid,uid,binary,args,cwd,parent_pid,parent_binary,profile,profile_status,unique_id,rule_description,arguments,allowed_by\r\n";

/** One alert as one record, line end included. @internal */
export function formatCsv(alert: Alert): string {
  const { process, profile } = alert;
  return formatCsvRecord([
    alert.time,
    alert.ruleId,
    alert.ruleName,
    alert.severity,
    alert.message,
    alert.clusterName,
    alert.nodeName,
    alert.namespace,
    alert.podName,
    alert.podUid,
    alert.containerName,
    alert.containerId,
    alert.image,
    alert.workloadKind,
    alert.workloadName,
    process.pid,
    process.uid,
    process.binary,
    process.args,
    process.cwd,
    process.parentPid,
    process.parentBinary,
    profile?.name ?? "",
    profile?.status ?? "",
    alert.uniqueId,
    alert.ruleDescription ?? "",
    alert.arguments === undefined ? "" : JSON.stringify(alert.arguments),
    alert.allowedBy === undefined ? "" : JSON.stringify(alert.allowedBy),
  ]);
}

/**
 * A record of RFC 4180. Text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, also in full width, behind blanks, or
 * with a tab or line end) gets an apostrophe in front; everything else reads back as it was, but for halves of surrogate pairs.
 *
 * @internal
 */
export function formatCsvRecord(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => (typeof cell === "number" ? String(cell) : formatCell(cell))).join(",")}\r\n`;
}

function formatCell(text: string): string {
  const safe = (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text).toWellFormed();
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
