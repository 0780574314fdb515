import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { alertSinksErrors } from "@kinglet/alert-sinks";
import {
  createAlertmanagerExporter,
  createHttpExporter,
  createOtlpExporter,
  createSyslogExporter,
  HttpClient,
  openFanOut,
  type ExporterSettings,
  type FanOut,
  type SyslogSettings,
} from "@kinglet/alert-sinks/exporters";
import { createError, hasCode, type ErrorDetails } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../../../applet-context.ts";
import type { AlertConfig } from "./alert-settings.ts";

/**
 * The receivers that the settings name, each with a bounded lane of its own, on disk: what counts as left is not lost by a kill.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS, with all that is wrong; KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE
 *
 * @internal
 */
export function openAlertExporters(
  config: AlertConfig,
  env: AppletContext["env"],
  parts: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Metrics;
    /** Folder in which alerts wait that a receiver does not take. */
    readonly spool: { readonly folder: string };
  },
): FanOut {
  checkReceivers(config, env);
  return openFanOut(exporterSettings(config, env), parts);
}

/** @internal */
export function exporterSettings(config: AlertConfig, env: AppletContext["env"]): ExporterSettings {
  const { exportAlertmanager, exportHttp, exportOtlp, exportSyslog, exportCsv, exportHeaders, exportCaFile } = config;
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) variables[name] = value;
  const ca = exportCaFile === undefined ? {} : { caFile: exportCaFile };
  const http = (receiver: string, url: string) => ({
    url,
    headers: headersFor(receiver, exportHeaders),
    variables,
    ...ca,
  });
  return {
    ...(exportAlertmanager === undefined ? {} : { alertmanager: http("alertmanager", exportAlertmanager) }),
    ...(exportHttp === undefined ? {} : { http: http("http", exportHttp) }),
    ...(exportOtlp === undefined ? {} : { otlp: http("otlp", exportOtlp) }),
    ...(exportSyslog === undefined ? {} : { syslog: { ...parseSyslogAddress(exportSyslog), ...ca } }),
    ...(exportCsv === undefined ? {} : { csv: { path: exportCsv } }),
  };
}

/** `otlp:authorization` is for that receiver only: its credential is none of the others' business. A name of its own wins over one for all. */
function headersFor(receiver: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {};
  const prefix = `${receiver}:`;
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(prefix)) own[name.slice(prefix.length)] = value;
  }
  const isOwn = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(headers)) {
    const isOfAnother = /^(?:alertmanager|http|otlp):/.test(name);
    if (!isOfAnother && !isOwn.has(name.toLowerCase())) own[name] = value;
  }
  return own;
}

/** An address that is none has an empty host. */
function parseSyslogAddress(text: string): SyslogSettings {
  const pattern = /^(?:(udp|tcp|tls):\/\/)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/;
  const [, protocol, host = "", port] = pattern.exec(text) ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ""),
    ...(protocol === undefined ? {} : { protocol: protocol as "udp" | "tcp" | "tls" }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/** Which setting of the sensor stands behind one of an exporter. */
const behind: Readonly<Record<string, string>> = {
  headers: "--export-headers",
  caFile: "--export-ca-file",
};
const permittedSyslog = "udp|tcp|tls://HOST[:PORT], the port from 1 to 65535";

/** Says at the start, all at once and by the names of the settings, what would otherwise be found out with the first alert. */
function checkReceivers(config: AlertConfig, env: AppletContext["env"]): void {
  const settings = exporterSettings(config, env);
  const problems = new Set<string>();
  let unusable: { readonly setting: string; readonly reason: string; readonly cause: unknown } | undefined;
  const check = (name: string, create: () => unknown): void => {
    try {
      create();
    } catch (error) {
      if (!hasCode(error, "KINGLET_ERR_ALERT_SINKS_INVALID_SETTING")) throw error;
      const { key, permitted } = (error as { readonly details?: ErrorDetails }).details ?? {};
      const setting = behind[String(key)] ?? `--export-${name}`;
      const cause = (error as { readonly cause?: unknown }).cause;
      const text = name === "syslog" && key !== "caFile" ? permittedSyslog : String(permitted);
      if (cause === undefined) problems.add(`${setting} must be ${text}`);
      else unusable ??= { setting, reason: cause instanceof Error ? cause.message : text, cause };
    }
  };
  const parts = { client: new HttpClient({ clock: systemClock }), clock: systemClock };
  const { alertmanager, http, otlp, syslog, csv } = settings;
  if (alertmanager !== undefined) check("alertmanager", () => createAlertmanagerExporter(alertmanager, parts));
  if (http !== undefined) check("http", () => createHttpExporter(http, parts));
  if (otlp !== undefined) check("otlp", () => createOtlpExporter(otlp, parts));
  if (syslog !== undefined) check("syslog", () => createSyslogExporter(syslog, parts));
  if (problems.size > 0) {
    const details = { problems: [...problems].join("; ") };
    throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS", details);
  }
  if (csv !== undefined) unusable ??= whyUnwritable(csv.path);
  if (unusable === undefined) return;
  const { cause, ...details } = unusable;
  throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE", details, { cause });
}

function whyUnwritable(path: string): { setting: string; reason: string; cause: unknown } | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw new Error(`${path} is a folder`);
    if (found?.isFile() === false && !found.isCharacterDevice()) throw new Error(`${path} is no file`);
    accessSync(found === undefined ? dirname(path) : path, constants.W_OK);
    return undefined;
  } catch (cause) {
    return { setting: "--export-csv", reason: cause instanceof Error ? cause.message : path, cause };
  }
}
