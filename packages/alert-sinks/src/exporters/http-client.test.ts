import { createServer, type AddressInfo } from "node:net";
import type { ServerResponse } from "node:http";
import { ManualClock, systemClock, type Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { openHttpReceiver } from "../../test/open-http-receiver.ts";
import { HttpClient, type HttpAnswer, type HttpClientOptions } from "./http-client.ts";

const never = new AbortController().signal;
const openClient = (clock: Clock, options: Partial<HttpClientOptions> = {}): HttpClient =>
  new HttpClient({ clock, ...options });
const post = (client: HttpClient, url: string, timeoutMs = 60_000, signal = never): Promise<HttpAnswer> =>
  client.send(new URL(url), { method: "POST", body: "{}", timeoutMs, signal });

/** Polls: a closed socket is seen on the other side some turns later. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Writes until the reader goes away. */
function writeEndlessly(response: ServerResponse, onWritten: (bytes: number) => void): void {
  const chunk = Buffer.alloc(65_536, "x");
  const write = (): void => {
    while (!response.destroyed) {
      onWritten(chunk.length);
      if (!response.write(chunk)) {
        response.once("drain", write);
        return;
      }
    }
  };
  write();
}

describe("HttpClient", () => {
  it("uses one connection for 200 calls in a row [operator 9.3 one-connection]", async () => {
    await using server = await openHttpReceiver();
    await using client = openClient(new ManualClock());
    for (let call = 0; call < 200; call++) await post(client, server.url);
    expect(server.received).toHaveLength(200);
    expect(server.connections.opened).toBe(1);
  });

  it("keeps under the caps with 10 × 20 parallel calls [operator 9.3 caps]", async () => {
    await using one = await openHttpReceiver();
    await using two = await openHttpReceiver();
    await using three = await openHttpReceiver({ isTls: false });
    await using client = openClient(new ManualClock(), { maxConnectionsPerHost: 4, maxConnections: 6 });
    let peak = 0;
    for (const server of [one, two, three]) {
      server.respond = (_request, response) => {
        peak = Math.max(peak, client.connections);
        response.end();
      };
    }
    for (let round = 0; round < 10; round++) {
      const urls = Array.from({ length: 20 }, (_, index) => [one, two, three][index % 3]!.url);
      await Promise.all(urls.map((url) => post(client, url)));
      expect(client.connections).toBeLessThanOrEqual(6);
    }
    expect(peak).toBeGreaterThan(4);
    expect(peak).toBeLessThanOrEqual(6);
    for (const server of [one, two, three]) expect(server.connections.peak).toBeLessThanOrEqual(4);
    expect(one.received.length + two.received.length + three.received.length).toBe(200);
  });

  it("leaves no connection after the idle timeout [operator 9.3 idle-timeout]", async () => {
    await using server = await openHttpReceiver();
    const clock = new ManualClock();
    await using client = openClient(clock);
    await Promise.all([post(client, server.url), post(client, server.url)]);
    await clock.advance(29_999);
    expect(client.connections).toBe(2);
    await clock.advance(1);
    await until(() => server.connections.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves no connection after the stop and ends what is under way [operator 9.3 stop]", async () => {
    await using server = await openHttpReceiver();
    const clock = new ManualClock();
    const client = openClient(clock);
    await post(client, server.url);
    server.respond = () => {};
    const pending = post(client, server.url);
    await until(() => server.received.length === 2);
    await client[Symbol.asyncDispose]();
    await expect(pending).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_CLOSED" });
    await expect(post(client, server.url)).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_CLOSED" });
    await until(() => server.connections.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("aborts an answer without end at the deadline [operator 9.3 deadline]", async () => {
    await using server = await openHttpReceiver();
    server.respond = (_request, response) => void response.write("begin");
    const clock = new ManualClock();
    await using client = openClient(clock);
    let isOver = false;
    const pending = post(client, server.url, 5_000).finally(() => (isOver = true));
    await until(() => server.received.length === 1);
    await clock.advance(4_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    // Its status counts: it is what the receiver did.
    expect(await pending).toMatchObject({ status: 200, isComplete: false });
    await until(() => server.connections.open === 0);
  });

  it("closes the request when its caller aborts, also while it waits for a connection [operator 9.3 abort]", async () => {
    await using server = await openHttpReceiver();
    server.respond = () => {};
    await using client = openClient(new ManualClock(), { maxConnectionsPerHost: 1 });
    const caller = new AbortController();
    const reason = new Error("the caller is gone");
    const pending = [post(client, server.url, 5_000, caller.signal), post(client, server.url, 5_000, caller.signal)];
    const outcomes = pending.map((call) => expect(call).rejects.toBe(reason));
    await until(() => server.received.length === 1);
    caller.abort(reason);
    await Promise.all(outcomes);
    await until(() => server.connections.open === 0);
    server.respond = (_request, response) => void response.end();
    expect((await post(client, server.url)).status).toBe(200);
  });

  it("makes room for another host by closing an unused connection [operator 9.3 room]", async () => {
    await using one = await openHttpReceiver();
    await using two = await openHttpReceiver();
    await using client = openClient(new ManualClock(), { maxConnections: 1 });
    for (const server of [one, two, one]) await post(client, server.url);
    expect([one.received.length, two.received.length]).toEqual([2, 1]);
    await until(() => one.connections.open + two.connections.open === 1);
  });

  it("reads 64 KiB of 200 MB and a chunk, and closes [operator 9.6 large]", async () => {
    await using server = await openHttpReceiver();
    let written = 0;
    server.respond = (_request, response) => {
      response.writeHead(500, { "content-length": String(200 * 2 ** 20) });
      writeEndlessly(response, (bytes) => (written += bytes));
    };
    await using client = openClient(new ManualClock());
    const answer = await post(client, server.url);
    expect(answer).toMatchObject({ status: 500, isComplete: false });
    expect(answer.text).toHaveLength(65_536);
    await until(() => server.connections.open === 0);
    // The rest is what the system's own socket buffers take.
    expect(written).toBeLessThan(16 * 2 ** 20);
  });

  it("does not grow with endless answers [operator 9.6 heap]", async () => {
    await using server = await openHttpReceiver();
    server.respond = (_request, response) => writeEndlessly(response, () => {});
    await using client = openClient(new ManualClock());
    const calls = async (count: number): Promise<void> => {
      for (let call = 0; call < count; call++) expect((await post(client, server.url)).isComplete).toBe(false);
    };
    await calls(20);
    expect(globalThis.gc, "needs --expose-gc").toBeDefined();
    const measure = async (): Promise<number> => {
      for (let round = 0; round < 3; round++) {
        await new Promise((resolve) => setImmediate(resolve));
        globalThis.gc?.();
      }
      return process.memoryUsage().heapUsed;
    };
    const before = await measure();
    await calls(20);
    expect((await measure()) - before).toBeLessThan(2 ** 20);
  });

  it("returns within the deadline when bytes drip [operator 9.6 drip]", async () => {
    await using server = await openHttpReceiver();
    server.respond = (_request, response) => {
      const drip = setInterval(() => response.write("."), 1);
      response.once("close", () => clearInterval(drip));
    };
    await using client = openClient(systemClock);
    expect(await post(client, server.url, 60)).toMatchObject({ status: 200, isComplete: false });
    await until(() => server.connections.open === 0);
  });

  it("keeps the connection at exactly 64 KiB and closes it one byte later [operator 9.6 boundary]", async () => {
    await using server = await openHttpReceiver();
    let size = 65_536;
    server.respond = (_request, response) => void response.end(Buffer.alloc(size, "x"));
    await using client = openClient(new ManualClock());
    for (let call = 0; call < 2; call++) {
      expect(await post(client, server.url)).toMatchObject({ status: 200, isComplete: true });
    }
    expect(server.connections.opened).toBe(1);
    size++;
    const answer = await post(client, server.url);
    expect(answer.isComplete).toBe(false);
    expect(answer.text).toHaveLength(65_536);
    await until(() => server.connections.open === 0);
  });

  it("survives a content-length that lies [operator 9.6 content-length]", async () => {
    await using server = await openHttpReceiver();
    server.respond = (_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("short", () => response.destroy());
    };
    await using client = openClient(new ManualClock());
    expect(await post(client, server.url)).toMatchObject({ status: 200, text: "short", isComplete: false });
  });

  it("decodes invalid UTF-8 and cuts at a character boundary [operator 9.6 utf-8]", async () => {
    await using server = await openHttpReceiver();
    await using client = openClient(new ManualClock(), { maxAnswerBytes: 8 });
    server.respond = (_request, response) => void response.end(Buffer.from([0x61, 0xff, 0x62]));
    expect((await post(client, server.url)).text).toBe("a\ufffdb");
    server.respond = (_request, response) => void response.end("abcdef€€");
    expect((await post(client, server.url)).text).toBe("abcdef");
  });

  it("tells a refused, a broken and a foreign connection from an answer", async () => {
    await using client = openClient(new ManualClock());
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume().end("220 not http\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const expected = { code: "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", retryable: true };
    await expect(post(client, url)).rejects.toMatchObject(expected);
    await new Promise((resolve) => server.close(resolve));
    await expect(post(client, url)).rejects.toMatchObject(expected);
  });
});
