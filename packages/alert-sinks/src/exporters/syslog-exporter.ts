import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Alert } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import type { Exporter } from "./exporter.ts";
import { formatSyslog, type SyslogFormat } from "./format-syslog.ts";
import { invalidSetting, readCa, wholeNumber } from "./settings.ts";

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

interface Connection {
  /** A receiver that takes nothing any more is left at the signal: what waits for it must not pile up behind it. */
  write(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
  readonly isOpen: boolean;
  close(): void;
}

/**
 * Sends RFC 5424 messages: a datagram each (RFC 5426), or over one kept connection with octet counting (RFC 6587, RFC 5425).
 *
 * Not guaranteed: that the receiver has what left: the protocol has no answer. A connection that the receiver closed is noticed
 * before the next message.
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
  const open = (signal: AbortSignal): Promise<Connection> =>
    protocol === "udp"
      ? openDatagrams(settings.host, port, signal)
      : openStream(settings.host, port, protocol, ca, signal);
  let connection: Connection | undefined;
  let isClosed = false;
  return {
    name: "syslog",
    maxBatch: 50,
    send: async (alerts: readonly Alert[], { signal }) => {
      if (isClosed)
        throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_CLOSED", { name: "the syslog exporter" });
      signal.throwIfAborted();
      try {
        if (connection?.isOpen !== true) {
          connection?.close();
          connection = await open(signal);
        }
        if (isClosed) connection.close();
        const messages = alerts.map((alert) => formatSyslog(alert, format, clock.now()));
        await connection.write(messages, signal);
        signal.throwIfAborted();
      } catch (cause) {
        connection?.close();
        connection = undefined;
        signal.throwIfAborted();
        const reason = cause instanceof Error ? cause.message : String(cause);
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

/** Connected, so that a refusal of the host is heard at the next message at the latest. */
async function openDatagrams(host: string, port: number, signal: AbortSignal): Promise<Connection> {
  const socket: DatagramSocket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", signal });
  let failure: Error | undefined;
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.connect(port, host, () => {
      socket.off("error", reject);
      resolve();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  socket.on("error", (error) => (failure ??= error));
  let isOpen = true;
  socket.once("close", () => (isOpen = false));
  socket.unref();
  return {
    write: async (messages) => {
      for (const message of messages) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve, reject) => {
          socket.send(message, (error) => (error === null || error === undefined ? resolve() : reject(error)));
        });
      }
    },
    get isOpen() {
      return isOpen && failure === undefined;
    },
    close: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

async function openStream(
  host: string,
  port: number,
  protocol: "tcp" | "tls",
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const socket: Socket =
    protocol === "tcp"
      ? connectTcp({ host, port, keepAlive: true, noDelay: true })
      : connectTls({
          host,
          port,
          servername: /^[\d.]+$|:/.test(host) ? "" : host,
          // Whatever the environment says.
          rejectUnauthorized: true,
          ...(ca !== undefined && { ca }),
        });
  let failure: Error | undefined;
  socket.on("error", (error) => (failure ??= error));
  const fail = (): Error => failure ?? new Error("the receiver closed the connection");
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    socket.once("close", () => reject(fail()));
    socket.once(protocol === "tcp" ? "connect" : "secureConnect", () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
  // Receivers say nothing; what comes is thrown away, and the end of the stream is heard.
  socket.resume();
  socket.unref();
  return {
    write: (messages, ended) =>
      new Promise<void>((resolve, reject) => {
        const onClose = (): void => reject(fail());
        const onAbort = (): void => void socket.destroy();
        socket.once("close", onClose);
        ended.addEventListener("abort", onAbort, { once: true });
        socket.write(frameMessages(messages), (error) => {
          socket.off("close", onClose);
          ended.removeEventListener("abort", onAbort);
          if (error === null || error === undefined) resolve();
          else reject(error);
        });
      }),
    get isOpen() {
      return !socket.destroyed && !socket.readableEnded && socket.writable;
    },
    close: () => void socket.destroy(),
  };
}

/** Octet counting: the length in bytes, a blank, the message. @internal */
export function frameMessages(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]));
}
