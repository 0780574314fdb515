import type { Alert } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import type { Exporter } from "./exporter.ts";
import { formatSyslog, type SyslogFormat } from "./format-syslog.ts";
import { invalidSetting, readCa, wholeNumber } from "./settings.ts";
import { shortReason } from "./short-reason.ts";
import { openDatagrams, openStream, type SyslogConnection } from "./syslog-connection.ts";

/** @public */
export interface SyslogSettings {
  readonly host: string;
  /** 1 … 65535. @defaultValue 514, tls 6514 */
  readonly port?: number;
  /** @defaultValue "udp" */
  readonly protocol?: "udp" | "tcp" | "tls";
  /** PEM file of the authorities that may vouch for the receiver, instead of the system's; `tls` only. */
  readonly caFile?: string;
  /** 0 … 23. @defaultValue 13, the log audit */
  readonly facility?: number;
  /** HOSTNAME of the messages. @defaultValue the node of the alert */
  readonly hostname?: string;
  /** @defaultValue "kinglet" */
  readonly appName?: string;
  /** @defaultValue "-" */
  readonly procId?: string;
  /** IANA private enterprise number for the structured data. @defaultValue 32473, reserved for documents */
  readonly enterpriseId?: number;
  /** Longest message, 480 … 65000 bytes. @defaultValue 2048 for udp, 8192 else */
  readonly maxBytes?: number;
}

/**
 * How long a connection is used, milliseconds. A host that is gone without a word takes what is sent for minutes, and a name may mean another one by
 * now: a new connection finds out.
 */
const maxConnectionMs = 60_000;

/**
 * Sends RFC 5424 messages: a datagram each (RFC 5426), or over one kept connection with octet counting (RFC 6587, RFC 5425).
 *
 * Not guaranteed: that the receiver has what left: the protocol has no answer. A connection that the receiver closed is noticed
 * before the next message; one is used for a minute, so that a receiver that is gone without a word costs a minute of messages at most.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function createSyslogExporter(settings: SyslogSettings, { clock }: { readonly clock: Clock }): Exporter {
  const protocol = settings.protocol ?? "udp";
  if (settings.host === "") throw invalidSetting("syslog", "host", "a name or an address");
  if (!["udp", "tcp", "tls"].includes(protocol)) throw invalidSetting("syslog", "protocol", "udp, tcp or tls");
  const number = (key: "port" | "facility" | "enterpriseId" | "maxBytes", value: number, min: number, max: number) =>
    wholeNumber("syslog", key, settings[key] ?? value, min, max);
  const port = number("port", protocol === "tls" ? 6514 : 514, 1, 65_535);
  const format: SyslogFormat = {
    facility: number("facility", 13, 0, 23),
    hostname: settings.hostname ?? "",
    appName: settings.appName ?? "kinglet",
    procId: settings.procId ?? "-",
    enterpriseId: number("enterpriseId", 32_473, 1, 2 ** 31),
    maxBytes: number("maxBytes", protocol === "udp" ? 2048 : 8192, 480, 65_000),
  };
  const ca = readCa("syslog", settings.caFile);
  const target = `${protocol}://${settings.host}:${port}`;
  const open = (signal: AbortSignal): Promise<SyslogConnection> =>
    protocol === "udp"
      ? openDatagrams(settings.host, port, signal)
      : openStream(settings.host, port, protocol, ca, signal);
  let connection: SyslogConnection | undefined;
  let openedMs = 0;
  let isClosed = false;
  return {
    name: "syslog",
    maxBatch: 50,
    send: async (alerts: readonly Alert[], { signal }) => {
      if (isClosed)
        throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_CLOSED", { name: "the syslog exporter" });
      signal.throwIfAborted();
      try {
        const nowMs = clock.monotonicMs();
        if (connection?.isOpen !== true || nowMs - openedMs >= maxConnectionMs) {
          connection?.close();
          connection = undefined;
          connection = await open(signal);
          openedMs = nowMs;
        }
        if (isClosed) connection.close();
        const messages = alerts.map((alert) => formatSyslog(alert, format, clock.now()));
        await connection.write(messages, signal);
        signal.throwIfAborted();
      } catch (cause) {
        connection?.close();
        connection = undefined;
        signal.throwIfAborted();
        const reason = shortReason(cause);
        throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", { target, reason }, { cause });
      }
    },
    [Symbol.asyncDispose]: () => {
      isClosed = true;
      connection?.close();
      return Promise.resolve();
    },
  };
}
