import { ManualClock, whenAborted } from "@kinglet/lifecycle";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { runAsLeader } from "../src/controller/index.ts";
import { Dialer } from "../src/dialer.ts";
import { createTransport } from "../src/index.ts";
import { MemoryApi } from "./memory-api.ts";

/** Of heap for a round that should leave nothing; a promise's reaction or a listener takes 200 to 300. */
const MAX_BYTES_PER_ROUND = 100;

/** Bytes of heap that a round leaves behind, after as many to warm up. */
async function retainedPerRound(rounds: number, run: (rounds: number) => Promise<void>): Promise<number> {
  await run(rounds);
  const before = heapUsed();
  await run(rounds);
  return (heapUsed() - before) / rounds;
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

describe("what lives for long keeps nothing of what is over", () => {
  it("a dialer of its dials", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const dialer = new Dialer({ server: `http://127.0.0.1:${port}`, origin: "test" });
    const retained = await retainedPerRound(2000, async (rounds) => {
      for (let round = 0; round < rounds; round++) {
        const socket = await dialer.dial([]);
        const closed = once(socket, "close");
        socket.destroy();
        await closed;
      }
    });
    expect(retained).toBeLessThan(MAX_BYTES_PER_ROUND);
    dialer.close();
    server.close();
    await once(server, "close");
  });

  it("a stream over HTTP/1.1 of its pieces", async () => {
    let answer: ServerResponse | undefined;
    const server = createServer((_request, response) => {
      answer = response;
      response.flushHeaders();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using transport = createTransport({ server: `http://127.0.0.1:${port}`, origin: "test" });
    const { signal } = new AbortController();
    const response = await transport.send({ method: "GET", path: "/", headers: {}, isStream: true, signal });
    const pieces = response.body[Symbol.asyncIterator]();
    const retained = await retainedPerRound(5000, async (rounds) => {
      for (let round = 0; round < rounds; round++) {
        answer?.write("a piece");
        expect(String((await pieces.next()).value)).toBe("a piece");
      }
    });
    expect(retained).toBeLessThan(MAX_BYTES_PER_ROUND);
    await pieces.return?.();
    server.close();
  });

  it("a leader of the renewals of its lease [client K5]", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const stop = new AbortController();
    const ended = runAsLeader(
      { client: api, namespace: "kinglet", name: "controller", identity: "one", clock, random: () => 0.5 },
      { signal: stop.signal, lead: (leading) => whenAborted(leading) },
    );
    const retained = await retainedPerRound(2000, async (rounds) => {
      const renewals = (): number => api.calls.filter((verb) => verb === "replace").length;
      const before = renewals();
      while (renewals() < before + rounds) await clock.advance(60_000);
      api.calls.length = 0;
    });
    expect(retained).toBeLessThan(MAX_BYTES_PER_ROUND);
    stop.abort();
    await ended;
  });
});
