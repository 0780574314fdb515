import { openFanOut, type ExporterSettings, type FanOut, type SyslogSettings } from "@kinglet/alert-sinks/exporters";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../../../applet-context.ts";
import type { AlertConfig } from "./alert-settings.ts";

/**
 * The receivers that the settings name, each with a bounded lane of its own, on disk: what counts as left is not lost by a kill.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
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

/** @param text - matches the pattern of the setting. */
function parseSyslogAddress(text: string): SyslogSettings {
  const [, protocol, host = "", port] = /^(?:(\w+):\/\/)?(\[.*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ""),
    ...(protocol === undefined ? {} : { protocol: protocol as "udp" | "tcp" | "tls" }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
