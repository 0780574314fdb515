import { createSocket } from "node:dgram";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { ManualClock, systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { createOverHttp, type HttpKind } from "../../test/create-over-http.ts";
import { localhostCa, openHttpReceiver } from "../../test/open-http-receiver.ts";
import { ScriptedExporter } from "../../test/scripted-exporter.ts";
import { createFanOut } from "./fan-out.ts";
import { HttpClient, type HttpAnswer } from "./http-client.ts";
import { shortReason } from "./short-reason.ts";
import { createSyslogExporter } from "./syslog-exporter.ts";

const signal = new AbortController().signal;
const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const alerts = [createAlert(1)];

interface TcpServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Socket[];
  readonly open: () => number;
}

/** A receiver that speaks as it likes. */
async function openTcp(onConnection: (socket: Socket, index: number) => void): Promise<TcpServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    onConnection(socket, sockets.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    open: () => sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Writes as fast as the other side reads, until that goes away. */
function writeOn(socket: Socket, text: string): void {
  const write = (): void => {
    while (!socket.destroyed) if (!socket.write(text)) return void socket.once("drain", write);
  };
  write();
}

const post = (client: HttpClient, port: number, timeoutMs = 60_000, scheme = "http"): Promise<HttpAnswer> =>
  client.send(new URL(`${scheme}://127.0.0.1:${port}`), { method: "POST", body: "{}", timeoutMs, signal });

const speakers: readonly (readonly [string, string, (socket: Socket) => void])[] = [
  ["never answers", "LIFECYCLE_TIMEOUT", () => {}],
  [
    "drips its headers",
    "LIFECYCLE_TIMEOUT",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("x-a: b\r\n"), 5);
      socket.once("close", () => clearInterval(drip));
    },
  ],
  ["has early hints without end", "LIFECYCLE_TIMEOUT", (socket) => writeOn(socket, "HTTP/1.1 103 Early Hints\r\n\r\n")],
  [
    "has headers without end",
    "UNREACHABLE",
    (socket) => writeOn(socket, `HTTP/1.1 200 OK\r\nx: ${"y".repeat(65_536)}`),
  ],
  [
    "wants to speak another protocol",
    "UNREACHABLE",
    (socket) => void socket.write("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
  ],
  ["hangs up", "UNREACHABLE", (socket) => void socket.destroy()],
];

describe("HttpClient and a hostile receiver", () => {
  it.each(speakers)("ends with the deadline or before when it %s [sinks R-1]", async (_what, code, speak) => {
    await using server = await openTcp((socket) => void socket.once("data", () => speak(socket)));
    await using client = new HttpClient({ clock: systemClock });
    const timeoutMs = code === "LIFECYCLE_TIMEOUT" ? 80 : 60_000;
    await expect(post(client, server.port, timeoutMs)).rejects.toMatchObject({
      code: expect.stringContaining(code) as string,
    });
    await until(() => server.open() === 0);
    expect(client.connections).toBe(0);
  });

  it("ends with the deadline when TLS is never spoken, and at once when something else is [sinks R-1]", async () => {
    await using silent = await openTcp(() => {});
    await using plain = await openTcp((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    await using client = new HttpClient({ clock: systemClock });
    const timeout = { code: "KINGLET_ERR_LIFECYCLE_TIMEOUT" };
    await expect(post(client, silent.port, 80, "https")).rejects.toMatchObject(timeout);
    const unreachable = { code: "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", retryable: true };
    await expect(post(client, plain.port, 60_000, "https")).rejects.toMatchObject(unreachable);
  });

  it("opens another connection after one on which nobody answers any more [sinks R-1]", async () => {
    await using server = await openTcp((socket, index) => {
      let requests = 0;
      socket.on("data", () => {
        // The first one is half open from its second request on.
        if (index > 0 || requests++ === 0) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
    });
    await using client = new HttpClient({ clock: systemClock });
    await post(client, server.port);
    await expect(post(client, server.port, 80)).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_TIMEOUT" });
    expect((await post(client, server.port)).status).toBe(200);
    expect(server.sockets).toHaveLength(2);
  });

  it("takes no part in what a receiver says while nothing is asked [sinks R-1]", async () => {
    await using server = await openTcp((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        setTimeout(() => writeOn(socket, "x".repeat(65_536)), 5);
      });
    });
    await using client = new HttpClient({ clock: systemClock });
    await post(client, server.port);
    await until(() => server.open() === 0);
    await until(() => client.connections === 0);
  });

  it.each(["999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "waits five minutes at most, told %s [sinks R-2]",
    async (wait) => {
      await using server = await openHttpReceiver();
      server.respond = (_request, response) => void response.writeHead(429, { "retry-after": wait }).end();
      await using client = new HttpClient({ clock: new ManualClock({ now: Date.parse("2026-08-01T10:00:05Z") }) });
      expect((await post(client, Number(new URL(server.url).port), 60_000)).retryAfterMs).toBe(300_000);
    },
  );
});

describe("exporters over HTTP and a sick receiver", () => {
  it.each(["alertmanager", "http", "otlp"] as const)(
    "count alerts as delivered by %s once the status has come, however long the text takes [sinks R-3]",
    async (kind) => {
      await using server = await openHttpReceiver();
      server.respond = (_request, response) => void response.write("{");
      const clock = new ManualClock();
      await using client = new HttpClient({ clock });
      const sending = createOverHttp(kind, server.url, client).send(alerts, { signal });
      await until(() => server.received.length === 1);
      // Until the status has come, too.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await clock.advance(5_000);
      await sending;
    },
  );

  it.each<[HttpKind, string, string]>([
    ["alertmanager", "text/html; charset=utf-8", "<html>log in</html>"],
    ["alertmanager", "application/json", '{"status":"error","error":"no leader"}'],
    ["otlp", "text/plain", "\n<!DOCTYPE html><title>default backend</title>"],
  ])("do not take a page or an error for delivered: %s, %s [sinks R-4]", async (kind, type, text) => {
    await using server = await openHttpReceiver();
    server.respond = (_request, response) => void response.writeHead(200, { "content-type": type }).end(text);
    await using client = new HttpClient({ clock: new ManualClock() });
    const exporter = createOverHttp(kind, server.url, client);
    await expect(exporter.send(alerts, { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_ALERT_SINKS_UNAVAILABLE",
      retryable: true,
    });
    // Nobody knows what another receiver answers.
    await createOverHttp("http", server.url, client).send(alerts, { signal });
  });
});

describe("createSyslogExporter and a sick receiver", () => {
  it("leaves a receiver that talks without end, and comes back [sinks R-5]", async () => {
    await using server = await openTcp((socket, index) => {
      socket.resume();
      if (index === 0) writeOn(socket, "x".repeat(65_536));
    });
    await using exporter = createSyslogExporter(
      { host: "127.0.0.1", port: server.port, protocol: "tcp" },
      { clock: new ManualClock() },
    );
    await exporter.send(alerts, { signal });
    await until(() => server.sockets[0]?.destroyed === true);
    await exporter.send(alerts, { signal });
    await until(() => server.sockets.length === 2);
  });

  it.each(["tcp", "udp"] as const)(
    "uses a connection over %s for a minute: its host may be gone without a word [sinks R-6]",
    async (protocol) => {
      const from = new Set<number>();
      await using server = await openTcp((socket) => {
        socket.resume();
        from.add(socket.remotePort ?? 0);
      });
      const datagrams = createSocket("udp4");
      let messages = 0;
      datagrams.on("message", (_message, { port }) => {
        messages++;
        from.add(port);
      });
      await new Promise<void>((resolve) => void datagrams.bind(server.port, "127.0.0.1", resolve));
      const clock = new ManualClock();
      await using exporter = createSyslogExporter({ host: "127.0.0.1", port: server.port, protocol }, { clock });
      for (const waitMs of [0, 30_000, 29_999]) {
        await clock.advance(waitMs);
        await exporter.send(alerts, { signal });
      }
      await until(() => from.size === 1 && (protocol === "tcp" || messages === 3));
      await clock.advance(1);
      await exporter.send(alerts, { signal });
      await until(() => from.size === 2);
      if (protocol === "tcp") await until(() => server.open() === 1);
      datagrams.close();
    },
  );

  it("does not wait for a TLS receiver that never says anything [sinks R-1]", async () => {
    await using server = await openTcp((socket) => void socket.resume());
    const exporter = createSyslogExporter(
      { host: "127.0.0.1", port: server.port, protocol: "tls", caFile: localhostCa },
      { clock: new ManualClock() },
    );
    const deadline = new AbortController();
    const sending = exporter.send(alerts, { signal: deadline.signal });
    await until(() => server.sockets.length === 1);
    deadline.abort(new Error("too late"));
    await expect(sending).rejects.toThrow("too late");
    await until(() => server.open() === 0);
    await exporter[Symbol.asyncDispose]();
  });
});

describe("a lane and a receiver that takes few alerts at a time", () => {
  it("sends fewer at once after no answer several times, and loses none [sinks R-7]", async () => {
    const exporter = new ScriptedExporter("small", 50);
    const send = exporter.send.bind(exporter);
    // As a gateway that breaks off what is large, or a receiver that is too slow for it.
    exporter.send = (batch) => (batch.length > 4 ? Promise.reject(new Error("ECONNRESET")) : send(batch));
    const clock = new ManualClock();
    const context = { clock, logger: noopLogger, metrics: noopMetrics, random: () => 0 };
    const fanOut = createFanOut([{ exporter, lane: { batchWaitMs: 1_000 } }], context);
    for (let id = 1; id <= 50; id++) await fanOut.publish(createAlert(id), { signal });
    const stopping = new AbortController();
    const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
    for (let minute = 0; minute < 10; minute++) await clock.advance(60_000);
    expect(exporter.ids()).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    stopping.abort(new Error("stop"));
    await running;
  });
});

describe("shortReason", () => {
  it("is short and harmless, whatever the receiver had a say in [sinks R-8]", () => {
    const reason = shortReason(new Error(`altnames: ${"\u001b[2Jhost.example, ".repeat(10_000)}`));
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(512);
    expect(reason).not.toContain("\u001b");
    expect(shortReason("gone")).toBe("gone");
  });
});
