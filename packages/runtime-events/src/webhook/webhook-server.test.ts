import { connect, type Socket } from "node:net";
import { once } from "node:events";
import type { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { openWebhook, received, type OpenWebhook } from "../../test/open-webhook.ts";

const client = "api-server";
const head = "POST /in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
const whole = `${head}content-length: 1\r\n\r\n1`;

/** Opens a connection and has one request answered on it. */
async function knownSocket(
  webhook: OpenWebhook,
  name?: string,
): Promise<{ socket: Socket; got: ReturnType<typeof received> }> {
  const socket = await webhook.socket(name);
  const got = received(socket);
  socket.write(whole);
  await expect.poll(() => got.text).toContain("200 OK");
  return { socket, got };
}

function clockOf(webhook: OpenWebhook): ManualClock {
  return webhook.clock as ManualClock;
}

describe("WebhookServer", () => {
  it("answers requests that come in one piece, in their order, on one connection [webhook clients]", async () => {
    await using webhook = await openWebhook({ isPlain: true });
    const socket = await webhook.socket();
    const got = received(socket);
    const bodies = ["1", "22", "333"];
    socket.write(
      bodies.map((body) => `${head}content-length: ${body.length}\r\n\r\n${body}`).join("") +
        `GET /in HTTP/1.1\r\nhost: x\r\n\r\n`,
    );
    await expect.poll(() => got.text).toContain("405");
    expect([...got.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      "200",
      "200",
      "200",
      "405",
    ]);
    expect(webhook.route.bodies.map(String)).toEqual(bodies);
    expect(webhook.listener.connections).toBe(1);
  });

  it("takes a body that comes byte by byte [webhook clients]", async () => {
    await using webhook = await openWebhook();
    const socket = await webhook.socket(client);
    const got = received(socket);
    socket.setNoDelay(true);
    const request = `${head}content-length: 300\r\n\r\n${"x".repeat(300)}`;
    for (const byte of request) {
      if (!socket.write(byte)) await once(socket, "drain");
      if (byte === "\n") await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => got.text).toContain("200 OK");
    expect(String(webhook.route.bodies)).toBe("x".repeat(300));
  });

  it.each([
    ["that says nothing", ""],
    ["whose head does not end", "POST /in HTTP/1.1\r\nhost: x\r\nx-a: "],
  ])("ends a connection %s after 10 s [webhook clients]", async (_what, text) => {
    await using webhook = await openWebhook();
    const socket = await webhook.socket(client);
    const got = received(socket);
    socket.write(text);
    await expect.poll(() => webhook.listener.connections).toBe(1);
    await clockOf(webhook).advance(9990);
    expect(webhook.listener.connections).toBe(1);
    await clockOf(webhook).advance(20);
    await got.closed;
    expect(await webhook.refused("timeout")).toBe(1);
  });

  it("ends a connection whose handshake does not come after 10 s [webhook clients]", async () => {
    await using webhook = await openWebhook();
    const socket = connect(webhook.listener.port, "127.0.0.1");
    socket.on("error", () => {});
    await expect.poll(() => webhook.listener.connections).toBe(1);
    const closed = once(socket, "close");
    await clockOf(webhook).advance(10_010);
    await closed;
    await expect.poll(() => webhook.listener.connections).toBe(0);
  });

  it("answers 408 to half a body after 30 s and takes nothing of it [webhook clients]", async () => {
    await using webhook = await openWebhook();
    const socket = await webhook.socket(client);
    const got = received(socket);
    socket.write(`${head}content-length: 5000\r\n\r\n{`);
    await expect.poll(() => webhook.route.begun).toBe(1);
    await clockOf(webhook).advance(29_990);
    expect(got.text).toBe("");
    await clockOf(webhook).advance(20);
    await got.closed;
    expect(got.text).toMatch(/^HTTP\/1.1 408/);
    expect(webhook.route.bodies).toEqual([]);
    expect(await webhook.refused("timeout")).toBe(1);
  });

  it("forgets a body whose client leaves in its midst [webhook clients]", async () => {
    await using webhook = await openWebhook();
    const socket = await webhook.socket(client);
    socket.write(`${head}content-length: 5000\r\n\r\n{`);
    await expect.poll(() => webhook.route.begun).toBe(1);
    socket.destroy();
    await expect.poll(() => webhook.refused("gone")).toBe(1);
    await expect.poll(() => webhook.listener.connections).toBe(0);
    expect(webhook.route.bodies).toEqual([]);
    expect(clockOf(webhook).pendingTimers).toBe(0);
  });

  it("ends an idle connection after 100 s, and has no timer without connections [webhook clients]", async () => {
    await using webhook = await openWebhook();
    expect(clockOf(webhook).pendingTimers).toBe(0);
    const { got } = await knownSocket(webhook, client);
    await expect.poll(() => clockOf(webhook).nextTimerInMs).toBe(100_000);
    await clockOf(webhook).advance(99_000);
    expect(webhook.listener.connections).toBe(1);
    await clockOf(webhook).advance(1100);
    await got.closed;
    await expect.poll(() => webhook.listener.connections).toBe(0);
    expect(clockOf(webhook).pendingTimers).toBe(0);
  });

  it("ends what is not HTTP, or not TLS, and counts it [webhook clients]", async () => {
    await using webhook = await openWebhook();
    const tls = await webhook.socket(client);
    const got = received(tls);
    tls.write("NONSENSE\r\n\r\n");
    await got.closed;
    expect(got.text).toMatch(/^HTTP\/1.1 400/);
    expect(await webhook.refused("http")).toBe(1);
    const plain = connect(webhook.listener.port, "127.0.0.1");
    plain.on("error", () => {});
    plain.write(whole);
    await once(plain, "close");
    await expect.poll(() => webhook.refused("tls")).toBe(1);
    await expect.poll(() => webhook.listener.connections).toBe(0);
  });

  it("gives the places of strangers to new connections before those of clients it knows [webhook bounds]", async () => {
    await using webhook = await openWebhook({ maxConnections: 4 });
    const known = await knownSocket(webhook, client);
    for (let turn = 0; turn < 20; turn++) {
      const stranger = connect(webhook.listener.port, "127.0.0.1");
      stranger.on("error", () => {});
      await once(stranger, "connect");
    }
    await expect.poll(() => webhook.listener.connections).toBe(4);
    known.got.text = "";
    known.socket.write(whole);
    await expect.poll(() => known.got.text).toContain("200 OK");
    // A stranger's place is free for whoever comes next.
    expect((await webhook.send({ client, body: "{}" })).status).toBe(200);
  });

  it("refuses a connection when all others have requests under way [webhook bounds]", async () => {
    await using webhook = await openWebhook({ isPlain: true, maxConnections: 2 });
    for (let turn = 1; turn <= 2; turn++) {
      const socket = await webhook.socket();
      socket.write(`${head}content-length: 10\r\n\r\n{`);
      await expect.poll(() => webhook.route.begun).toBe(turn);
    }
    await expect(webhook.send({ body: "{}" })).rejects.toThrow();
    expect(await webhook.refused("connections")).toBe(1);
    expect(webhook.listener.connections).toBe(2);
  });

  it("refuses what is too large, or of a stranger, before its body is sent [webhook bounds]", async () => {
    await using webhook = await openWebhook({ maxBodyBytes: 4096 });
    const answerTo = async (name: string | undefined, length: number): Promise<string> => {
      const socket = await webhook.socket(name);
      const got = received(socket);
      socket.write(`${head}expect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`);
      await expect.poll(() => got.text).toContain("\r\n\r\n");
      if (got.text.includes("100 Continue")) socket.write("x".repeat(length));
      await expect.poll(() => got.text).toMatch(/HTTP\/1.1 [2-5]/);
      return got.text;
    };
    expect(await answerTo(undefined, 10)).toMatch(/^HTTP\/1.1 401/);
    expect(await answerTo(client, 5000)).toMatch(/^HTTP\/1.1 413/);
    expect(await answerTo(client, 10)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
  });

  it("reads two large bodies at a time while small ones pass, and the next when one ends or leaves [webhook turns]", async () => {
    await using webhook = await openWebhook({ isPlain: true });
    const large: { socket: Socket; got: ReturnType<typeof received> }[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const socket = await webhook.socket();
      const got = received(socket);
      socket.write(`${head}content-length: 300000\r\n\r\n${"x".repeat(1000)}`);
      large.push({ socket, got });
      await expect.poll(() => webhook.route.begun).toBe(turn + 1);
    }
    expect(webhook.route.pushed).toBe(2);
    expect((await webhook.send({ body: "{}" })).status).toBe(200);
    large[0]!.socket.destroy();
    await expect.poll(() => webhook.route.pushed).toBe(4);
    for (const { socket } of large.slice(1)) socket.write("x".repeat(299_000));
    for (const { got } of large.slice(1)) await expect.poll(() => got.text).toContain("200 OK");
    expect(webhook.route.bodies.map(({ length }) => length)).toEqual([2, 300_000, 300_000, 300_000, 300_000]);
  });

  it("answers 503 to a large body whose turn does not come in 30 s [webhook turns]", async () => {
    await using webhook = await openWebhook({ isPlain: true });
    const got: ReturnType<typeof received>[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const socket = await webhook.socket();
      got.push(received(socket));
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n1\r\n{`);
      await expect.poll(() => webhook.route.begun).toBe(turn + 1);
    }
    await clockOf(webhook).advance(30_010);
    for (const at of [0, 1, 4]) await got[at]!.closed;
    // The two that had their turn when the first two lost theirs.
    await expect.poll(() => webhook.route.pushed).toBe(4);
    await clockOf(webhook).advance(30_010);
    for (const each of got) await each.closed;
    expect(got.map(({ text }) => text.slice(9, 12))).toEqual(["408", "408", "408", "408", "503"]);
    expect(await webhook.refused("busy")).toBe(1);
  });

  it("refuses heads that are too large [webhook bounds]", async () => {
    await using webhook = await openWebhook({ isPlain: true });
    const socket = await webhook.socket();
    const got = received(socket);
    socket.write(`${head}x-large: ${"x".repeat(20_000)}\r\n\r\n`);
    await got.closed;
    expect(got.text).toMatch(/^HTTP\/1.1 4/);
  });

  it("ends idle connections at once when it closes, and answers what is under way [webhook closing]", async () => {
    const webhook = await openWebhook();
    const idle = await knownSocket(webhook, client);
    const busy = await webhook.socket(client);
    const got = received(busy);
    busy.write(`${head}content-length: 2\r\n\r\n{`);
    await expect.poll(() => webhook.route.begun).toBe(2);
    const closing = webhook.listener[Symbol.asyncDispose]();
    await idle.got.closed;
    busy.write("}");
    await got.closed;
    expect(got.text).toMatch(/^HTTP\/1.1 200/);
    expect(got.text.toLowerCase()).toContain("connection: close");
    await closing;
    await webhook[Symbol.asyncDispose]();
  });

  it("waits 6 s at most for what is under way when it closes [webhook closing]", async () => {
    const webhook = await openWebhook();
    const busy = await webhook.socket(client);
    busy.write(`${head}content-length: 2\r\n\r\n{`);
    await expect.poll(() => webhook.route.begun).toBe(1);
    const closing = webhook.listener[Symbol.asyncDispose]();
    await clockOf(webhook).advance(6010);
    await closing;
    expect(webhook.listener.connections).toBe(0);
    await webhook[Symbol.asyncDispose]();
  });
});
