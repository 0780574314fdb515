import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTetragonFileSource } from "@kinglet/runtime-events";
import { withAgentLosses } from "@kinglet/runtime-events/tetragon-grpc";
import { openTempDir, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { runGrpcSource } from "../test/source-run.ts";
import type { Json } from "./event-codec.ts";
import { openTetragonEmulator } from "./tetragon-emulator.ts";

const certificates = join(import.meta.dirname, "../../../packages/runtime-events/test/certificates");
const certificate = (name: string): string => readFileSync(join(certificates, name), "utf8");

function exec(n: number, extra: Json = {}): Json {
  const process = {
    exec_id: `e${n}`,
    pid: n,
    uid: 0,
    binary: "/bin/true",
    arguments: String(n),
    flags: "execve clone",
  };
  return {
    process_exec: { process: { ...process, ...extra } },
    node_name: "node-1",
    time: "2026-01-01T00:00:00.000000001Z",
  };
}

function exit(n: number): Json {
  return {
    process_exit: { process: { exec_id: `e${n}`, pid: n, binary: "/bin/true" } },
    node_name: "node-1",
    time: "2026-01-01T00:00:01Z",
  };
}

describe("openTetragonGrpcSource against an emulated agent", () => {
  it("delivers over a unix socket, says what the agent is, and acknowledges [tetragon-grpc S1]", async () => {
    await using folder = await openTempDir();
    await using agent = await openTetragonEmulator({ address: `unix:${folder.file("t.sock")}` });
    await using run = await runGrpcSource({ address: agent.address }, () => {});
    await run.connected();
    agent.emit(exec(1), exit(1), exec(2));
    await run.until("three events", () => run.events.length === 3);
    expect(run.execIds).toEqual(["e1", "e1", "e2"]);
    expect(run.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    await run.until("policies", () => run.source.health().agent.policies !== undefined);
    expect(run.source.health()).toMatchObject({
      connected: true,
      reason: "",
      openEvents: 3,
      agent: {
        version: "v1.7.0",
        status: "RUNNING",
        policies: [{ name: "file-monitoring", namespace: "", state: "ENABLED", error: "" }],
      },
    });
    for (const { sequence } of run.events) run.source.acknowledge(sequence);
    expect(run.source.health().openEvents).toBe(0);
    await run.source.confirmAlert(1, "alert");
    expect(run.source.wasConfirmed("alert")).toBe(true);
  });

  it("is content with an agent that lacks the calls about itself [tetragon-grpc S2]", async () => {
    const unimplemented = ["GetVersion", "GetHealth", "ListTracingPolicies"];
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", unimplemented, version: "v1.0.0" });
    await using run = await runGrpcSource({ address: agent.address });
    await run.connected();
    expect(run.source.health().agent).toEqual({ version: "", status: "", policies: undefined });
  });

  it("asks for what is wanted and looks again at what an old agent sends all the same [tetragon-grpc S3]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    const probe = {
      pod: { namespace: "n", name: "p", container: { id: "containerd://c", name: "c", maybe_exec_probe: true } },
    };
    await using run = await runGrpcSource({ address: agent.address, kinds: ["exec"] });
    await run.connected();
    agent.emit(exec(1), exit(1), exec(2, probe), exec(3));
    await run.until("two events", () => run.events.length === 2);
    expect(agent.counts()).toMatchObject({ happened: 4, sent: 2 });
    // Strange events are framed past the filters of this agent.
    agent.emitStrange("unknown-member");
    expect(run.execIds).toEqual(["e1", "e3"]);
  });

  it("drops by kind what does not fit its queue, counts it, and never stops reading [tetragon-grpc S4]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    const { promise, resolve } = Promise.withResolvers<void>();
    await using run = await runGrpcSource({ address: agent.address, maxQueuedEvents: 16 }, (event) =>
      event.execId === "e0" ? promise : undefined,
    );
    await run.connected();
    agent.emit(exec(0));
    await run.until("the first event", () => run.events.length === 1);
    agent.emit(...Array.from({ length: 30 }, (_, index) => exec(index + 1)), exit(1), exit(2));
    await run.until("everything read", () => run.source.health().eventsTotal === 33);
    expect(run.source.health()).toMatchObject({ droppedByUs: 16, openEvents: 1, waitingEvents: 16 });
    expect(agent.counts()).toMatchObject({ sent: 33, dropped: 0 });
    resolve();
    await run.until("the rest", () => run.events.length === 17);
    expect(run.events.slice(1).every(({ kind }) => kind === "exec")).toBe(true);
    expect(run.execIds.at(-1)).toBe("e30");
  });

  it("ends with what its consumer throws [tetragon-grpc S5]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    await using run = await runGrpcSource({ address: agent.address }, () => Promise.reject(new Error("full")));
    await run.connected();
    agent.emit(exec(1));
    await expect(run.finished).rejects.toThrow("full");
    await using other = await runGrpcSource({ address: agent.address }, () => {
      throw new Error("broken");
    });
    await other.connected();
    agent.emit(exec(2));
    await waitFor(() => other.events.length === 1, { describe: "the event" });
    await expect(other.finished).rejects.toThrow("broken");
  });

  it("leaves out replays of executions that it delivered, and only those [tetragon-grpc S6]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", replaysAtConnect: true });
    agent.emit(exec(7), exec(8), exit(8));
    await using run = await runGrpcSource({ address: agent.address });
    await run.until("the replay", () => run.events.length === 1);
    expect(run.events[0]).toMatchObject({ execId: "e7", isReplay: true });
    agent.emit(exec(9));
    await run.until("a new one", () => run.events.length === 2);
    await agent.restart();
    await run.until("another stream", () => agent.counts().streams === 2 && run.source.health().repeatedReplays === 2);
    expect(run.execIds).toEqual(["e7", "e9"]);
  });

  it("survives every strange event and counts it [tetragon-grpc S7]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    await using run = await runGrpcSource({ address: agent.address, maxMessageBytes: 4_194_304 });
    await run.connected();
    agent.emit(exec(1));
    agent.emitStrange("unknown-member");
    agent.emitStrange("unknown-enum");
    agent.emitStrange("unknown-fields");
    agent.emitStrange("missing-time");
    agent.emitStrange("huge");
    agent.emitStrange("malformed");
    agent.emitStrange("duplicate-exec-id");
    agent.emitStrange("exit-before-exec");
    agent.emitStrange("throttle");
    agent.emitStrange("rate-limit");
    agent.emit(exec(2));
    await run.until("the last event", () => run.execIds.at(-1) === "e2");
    expect(run.events.map(({ kind }) => kind)).toEqual(
      "exec throttle exec exec exec exec exit exec throttle throttle rateLimit exec".split(" "),
    );
    expect(run.source.health()).toMatchObject({
      connected: true,
      unknownEvents: 1,
      decodeErrors: 2,
      droppedUpstream: 1966,
    });
    expect(run.events[1]).toMatchObject({ kind: "throttle", detail: expect.stringContaining("c") as string });
    expect(run.events[3]).toMatchObject({ time: "" });
    const reasons = run.source.health().blindIntervals.map(({ reason }) => reason);
    expect(reasons.slice(1)).toEqual([
      "what came could not be read (too_long)",
      "what came could not be read (malformed)",
      "Tetragon left out 1966 events (rate limit)",
      "Tetragon leaves out cgroup cri-containerd-0123456789ab.scope, which executes too much (cgroup rate)",
    ]);
  });

  it("takes what is larger than gRPC's usual limit, up to what the agent's own client takes [tetragon-grpc S7]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    await using run = await runGrpcSource({ address: agent.address });
    await run.connected();
    agent.emitStrange("huge");
    agent.emit(exec(2));
    await run.until("the last event", () => run.execIds.at(-1) === "e2");
    expect([run.events.length, run.source.health().decodeErrors]).toEqual([2, 0]);
  });

  it("ends a throttled cgroup's time with the agent that was started again without a word [events blind]", async () => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    await using run = await runGrpcSource({ address: agent.address });
    await run.connected();
    const cgroup = `cri-containerd-${"ab".repeat(32)}.scope`;
    agent.emit({
      process_throttle: { type: "THROTTLE_START", cgroup },
      node_name: "n",
      time: new Date().toISOString(),
    });
    const throttled = () => run.source.health().blindIntervals.find(({ containerId }) => containerId !== undefined);
    await run.until("throttled", () => throttled() !== undefined);
    expect(throttled()).toMatchObject({ containerId: "ab".repeat(32), untilMs: undefined });
    await agent.restart();
    await run.until("another stream", () => agent.counts().streams === 2);
    expect(throttled()?.untilMs).toBeGreaterThanOrEqual(throttled()!.fromMs);
  });

  it.each([
    ["UNAVAILABLE", "UNAVAILABLE"],
    ["GOAWAY", "goes away, code 0"],
    ["GOAWAY with an error", "code 2"],
    ["a reset inside a message", "inside a message"],
  ])("comes back after %s and records the blind time [tetragon-grpc R1]", async (fault, reason) => {
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0" });
    await using run = await runGrpcSource({ address: agent.address });
    await run.connected();
    agent.emit(exec(1));
    await run.until("the first event", () => run.events.length === 1);
    if (fault === "UNAVAILABLE") agent.failUnavailable(1);
    else if (fault === "GOAWAY") {
      agent.goAway(0);
      // A stream may go on after GOAWAY; an agent that leaves ends it.
      agent.failUnavailable(0);
    } else if (fault === "GOAWAY with an error") agent.goAway(2);
    else agent.resetInsideMessage();
    await run.until("the end", () => !run.source.health().connected);
    await run.until("a new stream", () => run.source.health().connected);
    agent.emit(exec(2));
    await run.until("the second event", () => run.events.length === 2);
    const blind = run.source.health().blindIntervals;
    expect(blind).toHaveLength(2);
    expect(blind[1]!.reason).toContain(fault === "GOAWAY" ? "UNAVAILABLE" : reason);
    expect(blind[1]!.untilMs).toBeGreaterThanOrEqual(blind[1]!.fromMs);
    expect(blind.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]).every(Number.isInteger)).toBe(true);
    expect(run.logger.messages("warn").join("\n")).toContain("event stream of");
  });

  it("comes back at once when the agent's socket file was replaced [tetragon-grpc R2]", async () => {
    await using folder = await openTempDir();
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address: `unix:${folder.file("t.sock")}` });
    await using run = await runGrpcSource({ address: agent.address, clock });
    await run.connected();
    await agent.restart(50);
    // Nothing moves this clock: no back-off ever ends.
    await run.until("a new stream", () => run.source.health().connected && agent.counts().streams === 2);
    agent.emit(exec(1));
    await run.until("an event", () => run.events.length === 1);
  });

  it("waits 1 s, 2 s, 4 s ... 30 s, each ± 50 %, for an agent that is not there [tetragon-grpc R3]", async () => {
    const clock = new ManualClock();
    await using run = await runGrpcSource({ address: "tcp:127.0.0.1:1", clock, random: () => 1 / 2 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      // The other timer is the one of the connection being made.
      await run.until("a wait", () => clock.pendingTimers === 1 && clock.nextTimerInMs !== 10_000);
      waits.push(clock.nextTimerInMs!);
      await clock.advance(clock.nextTimerInMs!);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
    expect(run.source.health()).toMatchObject({
      connected: false,
      reason: expect.stringContaining("ECONNREFUSED") as string,
    });
    expect(run.logger.messages("warn")).toHaveLength(1);
  });

  it("notices an agent that fell silent within 40 s, and not before it was asked in vain [tetragon-grpc R4]", async () => {
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", canFallSilent: true });
    await using run = await runGrpcSource({ address: agent.address, clock });
    await run.connected();
    await run.until("policies", () => run.source.health().agent.policies !== undefined);
    agent.fallSilent();
    await clock.advance(30_000);
    expect(run.source.health().connected).toBe(true);
    await clock.advance(10_000);
    await run.until("the end", () => !run.source.health().connected);
    const last = run.source.health().blindIntervals.at(-1)!;
    expect(last.reason).toBe("no sign of life for 40 s");
    // Blind since it was last heard of, not since that was noticed.
    expect(clock.now() - last.fromMs).toBe(40_000);
  });

  it("asks a quiet agent for an hour without being sent away for pinging [tetragon-grpc R5]", async () => {
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", clock });
    await using run = await runGrpcSource({ address: agent.address, clock });
    await run.connected();
    for (let round = 0; round < 120; round++) {
      await run.until("idle", () => clock.pendingTimers === 1);
      await clock.advance(30_000);
    }
    await run.until("idle", () => clock.pendingTimers === 1);
    expect(agent.counts()).toMatchObject({ tooManyPings: 0, streams: 1 });
    expect(run.source.health()).toMatchObject({ connected: true });
    expect(run.source.health().blindIntervals).toHaveLength(1);
  });

  it("reads what the agent lost from its metrics, from the first look on [tetragon-grpc H1]", async () => {
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", metricsAddress: "127.0.0.1:0" });
    agent.losses.set('tetragon_bpf_missed_events_total{error="ENOSPC",msg_op="5"}', 100);
    await using run = await runGrpcSource({
      address: agent.address,
      clock,
      pingIntervalMs: 3_600_000,
      agentMetricsUrl: agent.metricsUrl,
    });
    await run.connected();
    await run.until("the first look", () => clock.nextTimerInMs !== 5000);
    await run.until("two timers", () => clock.pendingTimers === 2);
    agent.losses.set('tetragon_bpf_missed_events_total{error="ENOSPC",msg_op="5"}', 103);
    agent.losses.set("tetragon_observer_ringbuf_events_lost_total", 4);
    agent.losses.set("tetragon_export_ratelimit_events_dropped_total", 1000);
    await clock.advance(60_000);
    await run.until("the loss", () => run.source.health().droppedUpstream === 7);
    expect(run.source.health()).toMatchObject({
      isEstimate: true,
      agentLosses: { tetragon_bpf_missed_events_total: 3, tetragon_observer_ringbuf_events_lost_total: 4 },
    });
    expect(run.source.health().blindIntervals.at(-1)?.reason).toBe("the agent's metrics count 7 lost events");
  });

  it("tells of the export file, too, what the agent's metrics count as lost [tetragon-grpc H1]", async () => {
    const clock = new ManualClock();
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", metricsAddress: "127.0.0.1:0" });
    await using folder = await openTempDir();
    const common = { clock, logger: noopLogger, metrics: noopMetrics };
    await using source = withAgentLosses(
      await openTetragonFileSource({
        ...common,
        path: join(folder.path, "tetragon.log"),
        startAt: "checkpoint-or-end",
      }),
      { ...common, url: agent.metricsUrl ?? "" },
    );
    const over = new AbortController();
    const running = source.run({ signal: over.signal, deliver: () => {} });
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    // The first look is over, and the file is waited for.
    while (clock.pendingTimers !== 2 || clock.nextTimerInMs !== 60_000) await pause();
    agent.losses.set("tetragon_observer_ringbuf_events_lost_total", 4);
    const fromMs = clock.now();
    await clock.advance(60_000);
    while (source.health().droppedUpstream !== 4) await pause();
    expect(source.health()).toMatchObject({ name: "tetragon-file", isEstimate: true });
    const reason = "the agent's metrics count 4 lost events";
    expect(source.health().blindIntervals).toContainEqual({ fromMs, untilMs: clock.now(), reason });
    over.abort();
    await running;
    expect(() => withAgentLosses(source, { ...common, url: "https://agent" })).toThrow("http://HOST:PORT/PATH");
  });

  it("speaks TLS and mTLS, checks the agent's name, and says why not [tetragon-grpc T1]", async () => {
    const files = { cert: certificate("server-one.pem"), key: certificate("server-one.key") };
    const caPath = join(certificates, "servers.pem");
    const own = {
      certificatePath: join(certificates, "api-server.pem"),
      keyPath: join(certificates, "api-server.key"),
    };
    const tls = { ...files, clientCa: certificate("clients-a.pem") };
    await using agent = await openTetragonEmulator({ address: "tcp:127.0.0.1:0", tls });
    const { address } = agent;
    await using good = await runGrpcSource({ address, tls: { caPath, serverName: "localhost", ...own } });
    await good.connected();
    agent.emit(exec(1));
    await good.until("an event", () => good.events.length === 1);
    for (const [options, reason] of [
      [{ caPath, ...own, serverName: "node.tetragon-grpc.cilium.io" }, "does not match certificate's altnames"],
      [{ caPath: join(certificates, "clients-a.pem"), ...own }, "unable to verify"],
      [{ caPath }, ""],
    ] as const) {
      await using bad = await runGrpcSource({ address, tls: options });
      await bad.until("a reason", () => !["not connected yet", "not started"].includes(bad.source.health().reason));
      expect(bad.source.health()).toMatchObject({
        connected: false,
        reason: expect.stringContaining(reason) as string,
      });
    }
    // Nobody would put it there later.
    await expect(runGrpcSource({ address, tls: { caPath: join(certificates, "none.pem") } })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE",
      message: expect.stringMatching(/--tetragon-ca-file.*none\.pem.*ENOENT/) as string,
    });
  });
});
