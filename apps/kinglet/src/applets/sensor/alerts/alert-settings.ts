import { boolean, integer, map, oneOf, optional, string } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";
import { plainText } from "../../../service/service-settings.ts";

/**
 * Settings of the way from a rule that fired to those who read it.
 *
 * @internal
 */
export function alertSettings() {
  const alerts = "Alerts";
  const exporters = "Alert receivers besides standard output";
  const text = plainText;
  const target = (placeholder: string, doc: string) =>
    setting(optional(string({ ...text, min: 1, doc })), { group: exporters, placeholder });
  return {
    output: setting(
      oneOf(["auto", "json", "text"], {
        default: "auto",
        doc: "How alerts are written to standard output: one JSON object or one readable line each; auto is text on a terminal",
      }),
      { group: alerts },
    ),
    alertCooldown: setting(
      integer({
        unit: "ms",
        min: 0,
        max: 604_800_000,
        default: 3_600_000,
        doc: "How long repetitions of an alert are held back after the last one; 0 holds none back",
      }),
      { group: alerts },
    ),
    alertCooldownAfter: setting(
      integer({ min: 1, max: 1_000_000, default: 1, doc: "Alerts of one kind that pass before the rest is held back" }),
      { group: alerts },
    ),
    alertCooldownOnProfileFailure: setting(
      boolean({ default: true, doc: "Hold back repetitions also of what a completed profile does not allow" }),
      { group: alerts },
    ),
    alertBudget: setting(
      integer({
        min: 0,
        max: 1_000_000,
        default: 100,
        doc: "Alerts of one namespace a minute; one summary tells of the others. 0 sets no bound",
      }),
      { group: alerts },
    ),
    exportAlertmanager: target("URL", "Alertmanager, API v2"),
    exportHttp: target("URL", "Receiver of RuntimeAlerts (POST URL/v1/runtimealerts), 100 alerts a minute"),
    exportOtlp: target("URL", "OTLP receiver of logs over HTTP"),
    exportSyslog: setting(
      optional(
        string({
          max: 300,
          doc: "Syslog receiver, RFC 5424",
        }),
      ),
      { group: exporters, placeholder: "udp|tcp|tls://HOST:PORT" },
    ),
    exportCsv: target("FILE", "CSV file, rotated"),
    exportHeaders: setting(
      map(string({ ...text }), {
        default: {},
        max: 50,
        doc: "Headers for receivers over HTTP, otlp:NAME for that one only; in values <NAME> is an environment variable, <file:PATH> a file: for credentials",
      }),
      { group: exporters, placeholder: "NAME=VALUE,..." },
    ),
    exportCaFile: target("FILE", "Authorities that may vouch for the receivers, instead of the system's"),
  };
}

/** The values of {@link alertSettings}. @internal */
export type AlertConfig = SettingsValues<ReturnType<typeof alertSettings>>;

/** True when alerts leave through more than standard output. @internal */
export function hasExporters(config: AlertConfig): boolean {
  const { exportAlertmanager, exportHttp, exportOtlp, exportSyslog, exportCsv } = config;
  return [exportAlertmanager, exportHttp, exportOtlp, exportSyslog, exportCsv].some((one) => one !== undefined);
}
