import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

describe("SimListener", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  /** Sends one request over HTTP/2. */
  function overHttp2(
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const session = connectHttp2(sim.server, { ca: sim.caPem });
      session.on("error", reject);
      const stream = session.request({ ":path": path, authorization: `Bearer ${sim.token}`, ...headers });
      let text = "";
      let status = 0;
      stream.on("response", (head) => (status = Number(head[":status"])));
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      stream.on("error", reject);

      stream.on("close", () => {
        session.close();
        if (stream.rstCode !== 0) reject(new Error(`reset with ${stream.rstCode}`));
        else resolve({ status, text });
      });
      stream.end();
    });
  }

  it("speaks HTTP/2 and HTTP/1.1 on one port", async () => {
    sim.load({ configmaps: 300 });
    const list = await overHttp2("/api/v1/configmaps?labelSelector=app");
    expect(list.status).toBe(200);
    expect((JSON.parse(list.text) as { items: unknown[] }).items.length).toBe(300);
    expect((await overHttp2("/api/v1/namespaces/none/pods/none", { "impersonate-user": "mallory" })).status).toBe(
      200 + 204,
    );
    expect((await rawRequest(sim, "GET", "/readyz")).status).toBe(200);
  });

  it("goes on to serve a connection whose client leaves a long answer unread", async () => {
    // Beyond the 10 MB that a session of node:http2 may hold by default: it would refuse what comes next.
    const data = { text: "x".repeat(600_000) };
    for (let index = 0; index < 40; index++) {
      sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `long-${index}` }, data });
    }
    const session = connectHttp2(sim.server, { ca: sim.caPem });
    const authorization = `Bearer ${sim.token}`;
    const accept = "application/vnd.kubernetes.protobuf";
    const unread = session.request({ ":path": "/api/v1/configmaps", authorization, accept });
    await once(unread, "response");
    for (let round = 0; round < 3; round++) {
      const next = session.request({ ":path": "/readyz" });
      next.resume();
      expect((await once(next, "response"))[0]).toMatchObject({ ":status": 200 });
    }
    let bytes = 0;
    unread.on("data", (chunk: Buffer) => (bytes += chunk.length));
    await once(unread, "end");
    expect(bytes).toBeGreaterThan(24_000_000);
    session.close();
  });

  it("cuts an HTTP/2 connection as a fault wants it", async () => {
    sim.faults.add({ action: { kind: "cut", afterBytes: 5 }, times: 1 });
    await expect(overHttp2("/api/v1/namespaces")).rejects.toThrow();
    expect((await overHttp2("/readyz")).text).toBe("ok");
  });

  it("refuses connections, or accepts them and stays silent, until it is restarted", async () => {
    await sim.interrupt("refuse");
    await expect(rawRequest(sim, "GET", "/readyz")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await sim.interrupt("silence");
    const socket = connect(Number(new URL(sim.server).port), "127.0.0.1");
    await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
    let isAnswered = false;
    socket.on("data", () => (isAnswered = true));
    socket.write("\u0016\u0003\u0001");
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    socket.on("error", () => {});
    await sim.restart();
    expect((await rawRequest(sim, "GET", "/readyz")).status).toBe(200);
  });

  it("goes on under another authority with the same data", async () => {
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept" } });
    const before = sim.caPem;
    await sim.swapAuthority();
    expect(sim.caPem).not.toBe(before);
    expect((await rawRequest(sim, "GET", "/api/v1/namespaces/default/configmaps/kept")).status).toBe(200);
    const stale = { ...sim, server: sim.server, token: sim.token, caPem: before } as KubeSim;
    await expect(rawRequest(stale, "GET", "/readyz")).rejects.toThrow(/certificate/);
  });
});
