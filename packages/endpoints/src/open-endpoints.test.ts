import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { openEndpoints, type OpenListener } from "./open-endpoints.ts";
import { createReadiness } from "./readiness.ts";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function send(
  listener: OpenListener,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {} } = options;
    const request = httpRequest({
      host: "127.0.0.1",
      port: listener.address!.port,
      path,
      method,
      headers,
      agent: false,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    request.end(options.body);
  });
}

function open(clock: Clock = systemClock): {
  readonly listener: Promise<OpenListener>;
  readonly readiness: ReturnType<typeof createReadiness>;
} {
  const readiness = createReadiness();
  const metrics = async (): Promise<{ contentType: string; text: string }> => ({
    contentType: "text/plain; version=0.0.4",
    text: "up 1\n",
  });
  return { listener: openEndpoints({ bind: "127.0.0.1:0", readiness, metrics, clock }), readiness };
}

/** A clock whose deadlines fire when the test says so. */
function deadlineClock(): Clock & { fire(): void; readonly pending: number } {
  const timers = new Set<() => void>();
  return {
    ...systemClock,
    startTimer: (callback) => {
      timers.add(callback);
      return {
        cancel: () => {
          timers.delete(callback);
        },
        unref: () => {},
      };
    },
    fire: () => {
      for (const callback of timers) {
        timers.delete(callback);
        callback();
      }
    },
    get pending() {
      return timers.size;
    },
  };
}

function closed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

describe("openEndpoints", () => {
  it("answers liveness, readiness with reasons, and metrics", async () => {
    const { listener, readiness } = open();
    await using endpoints = await listener;
    const pods = readiness.register("pods", "first list is under way");
    readiness.register("events", "").ready();
    expect(await send(endpoints, "/livez")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await send(endpoints, "/readyz")).toMatchObject({
      status: 503,
      body: "not ready\n[-] pods: first list is under way\n",
    });
    expect((await send(endpoints, "/readyz?verbose")).body).toBe(
      "not ready\n[-] pods: first list is under way\n[+] events: ready\n",
    );
    const json = await send(endpoints, "/readyz", { headers: { accept: "application/json" } });
    expect(JSON.parse(json.body)).toEqual({
      isReady: false,
      conditions: [
        { name: "pods", isReady: false, reason: "first list is under way" },
        { name: "events", isReady: true, reason: "" },
      ],
    });
    pods.ready();
    expect(await send(endpoints, "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await send(endpoints, "/metrics")).toMatchObject({ status: 200, body: "up 1\n" });
    expect((await send(endpoints, "/metrics", { method: "HEAD" })).body).toBe("");
  });

  it("refuses other paths and methods", async () => {
    await using endpoints = await open().listener;
    expect((await send(endpoints, "/debug/heap")).status).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      expect(await send(endpoints, "/livez", { method })).toMatchObject({
        status: 405,
        headers: { allow: "GET, HEAD" },
      });
    }
  });

  it("hides the reason of failing metrics from the client", async () => {
    await using endpoints = await openEndpoints({
      bind: "127.0.0.1:0",
      readiness: createReadiness(),
      metrics: async () => {
        throw new Error("secret path");
      },
    });
    expect(await send(endpoints, "/metrics")).toMatchObject({ status: 500, body: "metrics could not be written\n" });
  });

  it("reports a port in use, a foreign address and a malformed bind by code", async () => {
    await using endpoints = await open().listener;
    const options = { readiness: createReadiness(), metrics: async () => ({ contentType: "", text: "" }) };
    const codeOf = async (bind: string): Promise<unknown> =>
      openEndpoints({ ...options, bind }).then(
        () => "opened",
        (error: unknown) => (error as { code: unknown }).code,
      );
    expect(await codeOf(`127.0.0.1:${endpoints.address!.port}`)).toBe("KINGLET_ERR_ENDPOINTS_PORT_IN_USE");
    expect(await codeOf("203.0.113.1:0")).toBe("KINGLET_ERR_ENDPOINTS_ADDRESS");
    expect(await codeOf("nonsense")).toBe("KINGLET_ERR_ENDPOINTS_BIND");
  });

  it("opens nothing when it is switched off", async () => {
    await using endpoints = await openEndpoints({
      bind: "0",
      readiness: createReadiness(),
      metrics: async () => ({ contentType: "", text: "" }),
    });
    expect(endpoints.address).toBeUndefined();
  });

  describe("with hostile clients", () => {
    it("refuses large headers and bodies", async () => {
      await using endpoints = await open().listener;
      expect((await send(endpoints, "/livez", { headers: { x: "x".repeat(10_000) } })).status).toBe(431);
      const large = await send(endpoints, "/livez", { method: "POST", body: "x".repeat(100_000) }).catch(() => ({
        status: 413,
      }));
      expect(large.status).toBe(413);
    });

    it("cuts off a client that never finishes its request, and keeps no timer afterwards", async () => {
      const clock = deadlineClock();
      await using endpoints = await open(clock).listener;
      const socket = connect(endpoints.address!.port, "127.0.0.1");
      const end = closed(socket);
      socket.write("GET /livez HTTP/1.1\r\nHost: x\r\n");
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.fire();
      expect(await end).toBe("");
      while (clock.pending > 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it("still answers when silent connections fill the listener", async () => {
      await using endpoints = await open().listener;
      const sockets = Array.from({ length: 200 }, () => connect(endpoints.address!.port, "127.0.0.1"));
      for (const socket of sockets) socket.on("error", () => {});
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
      expect((await send(endpoints, "/livez")).status).toBe(200);
      for (const socket of sockets) socket.destroy();
    });

    it("answers garbage with 400", async () => {
      await using endpoints = await open().listener;
      const socket = connect(endpoints.address!.port, "127.0.0.1");
      const end = closed(socket);
      socket.write("\u0000\u0001 nonsense\r\n\r\n");
      expect(await end).toMatch(/^HTTP\/1\.1 400/);
    });
  });

  it("closes idle keep-alive connections at once", async () => {
    const endpoints = await open(deadlineClock()).listener;
    const socket = connect(endpoints.address!.port, "127.0.0.1");
    const end = closed(socket);
    socket.write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    await endpoints[Symbol.asyncDispose]();
    await endpoints[Symbol.asyncDispose]();
    expect(await end).toContain("ok\n");
  });

  it("cuts off a request under way when the bound of closing is reached", async () => {
    const clock = deadlineClock();
    const endpoints = await openEndpoints({
      bind: "127.0.0.1:0",
      readiness: createReadiness(),
      metrics: () => new Promise(() => {}),
      clock,
    });
    const socket = connect(endpoints.address!.port, "127.0.0.1");
    const end = closed(socket);
    socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    while (clock.pending > 0) await new Promise((resolve) => setImmediate(resolve));
    const done = endpoints[Symbol.asyncDispose]();
    clock.fire();
    await done;
    expect(await end).toBe("");
  });
});
