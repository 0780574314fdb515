import { ManualClock } from "@kinglet/lifecycle";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { RawClient } from "../test/raw-client.ts";
import type { Json } from "./event-codec.ts";
import { openTetragonEmulator, type TetragonEmulator, type TetragonEmulatorOptions } from "./tetragon-emulator.ts";

const address = "tcp:127.0.0.1:0";

function exec(n: number, extra: Json = {}): Json {
  const id = Buffer.from(`node-1:${1_000_000 + n}:${n}`).toString("base64");
  const process = { exec_id: id, pid: n, uid: 0, binary: `/bin/b${n}`, start_time: "2026-01-01T00:00:00Z" };
  const second = String(n % 60).padStart(2, "0");
  return {
    process_exec: { process: { ...process, ...extra } },
    node_name: "node-1",
    time: `2026-01-01T00:00:${second}Z`,
  };
}

function exit(n: number): Json {
  const { process } = exec(n)["process_exec"] as { process: Json };
  return { process_exit: { process }, node_name: "node-1", time: "2026-01-01T00:01:00Z" };
}

const execs = (count: number): Json[] => Array.from({ length: count }, (_, index) => exec(index + 2));

async function listening(agent: TetragonEmulator, count = 1): Promise<void> {
  await waitFor(() => agent.counts().listeners === count, { describe: "a client" });
}

async function received(client: RawClient, count: number): Promise<void> {
  await waitFor(() => client.messages.length >= count, {
    describe: () => `${count} messages, ${client.messages.length} so far`,
  });
}

function processes(agent: TetragonEmulator, client: RawClient): Json[] {
  return client.messages.map((message) => {
    const json = agent.codec.decode("GetEventsResponse", message);
    return Object.values(json).find(
      (value) => typeof value === "object" && value !== null && "process" in value,
    ) as Json;
  });
}

/** Runs the events of an emulator on a clock and returns when each happened, milliseconds. */
async function happenings(options: Partial<TetragonEmulatorOptions>, forMs: number): Promise<[number, string][]> {
  const clock = new ManualClock();
  const seen: [number, string][] = [];
  const onEvent = (json: Json): void => {
    const process = (json["process_exec"] as { process: Json } | undefined)?.process ?? {};
    seen.push([clock.monotonicMs(), `${process["pid"] as number}${process["pod"] === undefined ? "" : "p"}`]);
  };
  await using agent = await openTetragonEmulator({ address, clock, onEvent, ...options });
  agent.start();
  await clock.advance(forMs);
  return seen;
}

describe("TetragonEmulator", () => {
  it("keeps a rate and bursts on top of it", async () => {
    const seen = await happenings({ events: execs(100), rate: 20, burst: { size: 5, everyMs: 500 } }, 1000);
    const upTo = (ms: number): number => seen.filter(([at]) => at <= ms).length;
    expect([upTo(250), upTo(490), upTo(500), upTo(1000)]).toEqual([5, 9, 15, 30]);
  });

  it("follows the recorded pace, times a factor", async () => {
    const seen = await happenings({ events: execs(5), rate: "recorded", speed: 10 }, 1000);
    expect(seen.map(([at]) => at)).toEqual([0, 100, 200, 300, 400]);
  });

  it("holds some events back until their pod is known, the same ones for the same seed", async () => {
    const events = execs(400).map((_, index) => exec(index + 2, { pod: { namespace: "n", name: "p" } }));
    const delayed = { share: 0.05, minMs: 2000, maxMs: 30_000, lostPodShare: 0.5 };
    const run = (seed: number): Promise<[number, string][]> =>
      happenings({ events, rate: 1000, delayed, seed }, 40_000);
    const seen = await run(1);
    const late = seen.filter(([at]) => at >= 2000);
    expect(seen).toHaveLength(400);
    expect(late.length).toBeGreaterThan(8);
    expect(late.length).toBeLessThan(40);
    expect(late.every(([at]) => at <= 30_500)).toBe(true);
    expect(late.some(([, what]) => what.endsWith("p")) && late.some(([, what]) => !what.endsWith("p"))).toBe(true);
    expect(await run(1)).toEqual(seen);
    expect(await run(2)).not.toEqual(seen);
  });

  it("gives processes other ids in every loop, the same to all their events", async () => {
    await using agent = await openTetragonEmulator({ address, events: [exec(10), exit(10)], loops: 3 });
    using client = new RawClient(agent.address);
    await listening(agent);
    agent.start();
    await received(client, 6);
    const ids = processes(agent, client).map((body) => (body["process"] as Json)["exec_id"]);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(new Set(ids).size).toBe(3);
  });

  it("drops silently what a client that does not read leaves in its queue, and says so in its metrics", async () => {
    const metricsAddress = "127.0.0.1:0";
    await using agent = await openTetragonEmulator({ address, metricsAddress, maxQueued: 100, minPingIntervalMs: 0 });
    using client = new RawClient(agent.address, { isReading: false });
    await listening(agent);
    const big = exec(2, { arguments: "x".repeat(4000) });
    for (let round = 0; round < 20; round++) {
      agent.emit(...Array.from({ length: 50 }, () => big));
      await client.ping();
    }
    const { dropped } = agent.counts();
    expect(dropped).toBeGreaterThan(500);
    client.read();
    await received(client, 1000 - dropped);
    const page = await (await fetch(agent.metricsUrl)).text();
    expect(page).toContain(`tetragon_notify_overflowed_events_total ${dropped}\n`);
  });

  it("filters as the agent of its release does: fields that came later are ignored", async () => {
    const other = exec(3, { pod: { namespace: "b", name: "p" } });
    for (const [version, expected] of [
      ["v1.7.0", 1],
      ["v1.2.0", 2],
    ] as const) {
      await using agent = await openTetragonEmulator({ address, version });
      const filter = { event_set: ["PROCESS_EXEC"], namespace_regex: ["^a$"] };
      const request = agent.codec.encode("GetEventsRequest", {
        allow_list: [filter],
        deny_list: [{ binary_regex: ["b9$"] }],
      });
      using client = new RawClient(agent.address, { request });
      await listening(agent);
      agent.emit(exec(2, { pod: { namespace: "a", name: "p" } }), other, exit(2), exec(9, { pod: { namespace: "a" } }));
      await received(client, expected);
      await client.ping();
      expect(client.messages).toHaveLength(expected);
    }
  });

  it("replays what runs to a client that connects, with the flag procFS and the time of the start", async () => {
    await using agent = await openTetragonEmulator({ address, replaysAtConnect: true });
    agent.emit(exec(2), exec(3), exit(2));
    using client = new RawClient(agent.address);
    await received(client, 1);
    await client.ping();
    expect(processes(agent, client)).toMatchObject([{ process: { binary: "/bin/b3", flags: "procFS" } }]);
    expect(agent.counts()).toMatchObject({ happened: 3, unheard: 3 });
  });

  it("sends a client away that pings a quiet stream at the pace of 30 s, and forgives it when something was sent", async () => {
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address, clock });
    using client = new RawClient(agent.address);
    await listening(agent);
    let goAway = 0;
    client.session.on("goaway", (code) => {
      goAway = code;
    });
    for (let round = 0; round < 6; round++) {
      agent.emit(exec(round + 2));
      await received(client, round + 1);
      await client.ping();
      await clock.advance(30_000);
    }
    expect(goAway).toBe(0);
    for (let round = 0; round < 4; round++) {
      await client.ping();
      await clock.advance(30_000);
    }
    await waitFor(() => goAway === 11, { describe: "too_many_pings" });
    expect(agent.counts().tooManyPings).toBe(1);
  });

  it("ends calls with the status that it should", async () => {
    await using agent = await openTetragonEmulator({ address });
    using client = new RawClient(agent.address);
    await listening(agent);
    agent.emit(exec(2));
    await received(client, 1);
    agent.failUnavailable(1);
    await waitFor(() => client.trailers["grpc-status"] === "14", { describe: "UNAVAILABLE" });
  });
});
