import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** @internal */
export interface SyslogConnection {
  /** A receiver that takes nothing any more is left at the signal: what waits for it must not pile up behind it. */
  write(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
  readonly isOpen: boolean;
  close(): void;
}

/** Bytes of one connection that a receiver may say. */
const maxHeardBytes = 65_536;

/** Connected, so that a refusal of the host is heard at the next message at the latest. @internal */
export async function openDatagrams(host: string, port: number, signal: AbortSignal): Promise<SyslogConnection> {
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

/** @internal */
export async function openStream(
  host: string,
  port: number,
  protocol: "tcp" | "tls",
  ca: string | undefined,
  signal: AbortSignal,
): Promise<SyslogConnection> {
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
  // Receivers say nothing; what comes is thrown away, and the end of the stream is heard. One that talks on would cost time without end.
  let heard = 0;
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.length;
    if (heard > maxHeardBytes) socket.destroy(new Error("the receiver talks without end"));
  });
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
    // A TLS receiver is told.
    close: () => void (failure === undefined ? socket.destroySoon() : socket.destroy()),
  };
}

/** Octet counting: the length in bytes, a blank, the message. @internal */
export function frameMessages(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]));
}
