import type { Alert } from "@kinglet/detection";

import { escapeForTerminal } from "./escape-text.ts";

const maxFieldLength = 240;

/**
 * One alert as one line for a person, without line end: time, rule, severity, where, message, process, profile, id.
 *
 * Guarantees: the only escape sequences in it are the colours, and those only when asked for; long values are cut and say so.
 *
 * @internal
 */
export function formatAlertConsole(alert: Alert, options: { readonly color: boolean }): string {
  const paint = options.color ? colorText : plainText;
  const { process, profile } = alert;
  const where = [alert.namespace, alert.podName, alert.containerName].map(show).join("/");
  const command = process.args === "" ? show(process.binary) : `${show(process.binary)} ${show(process.args)}`;
  const parent = process.parentBinary === "" ? "" : `, parent ${show(process.parentBinary)}`;
  const user = process.uid < 0 ? "" : `, uid ${process.uid}`;
  const judged = profile === undefined ? "no profile" : `profile ${show(profile.name)} (${showProfileState(profile)})`;
  return [
    show(alert.time === "" ? "(no time)" : alert.time),
    paint(severityColor(alert.severity), `${show(alert.ruleId)} severity ${alert.severity}`),
    paint(bold, where),
    `${show(alert.ruleName)}: ${show(alert.message)}`,
    paint(dim, `[${command}; pid ${process.pid}${user}${parent}; ${judged}; id ${show(alert.uniqueId)}]`),
  ].join("  ");
}

function showProfileState(profile: NonNullable<Alert["profile"]>): string {
  return profile.completion === "" ? show(profile.status) : `${show(profile.status)}, ${show(profile.completion)}`;
}

/** Cut before escaping: an escape sequence is never cut in half. */
function show(text: string): string {
  const cut = text.length <= maxFieldLength ? text : `${text.slice(0, maxFieldLength)}...`;
  return escapeForTerminal(cut);
}

type Paint = (code: string, text: string) => string;

const bold = "1";
const dim = "2";
const plainText: Paint = (_code, text) => text;
const colorText: Paint = (code, text) => `\u001b[${code}m${text}\u001b[0m`;

/** Red from 8, yellow from 5, else cyan. */
function severityColor(severity: number): string {
  if (severity >= 8) return "31";
  return severity >= 5 ? "33" : "36";
}
