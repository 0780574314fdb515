import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ExecEvent, RuntimeEvent } from "@kinglet/enrichment";
import { beforeAll, describe, expect, it } from "vitest";
import { ExportFolder } from "../test/export-folder-fixture.ts";
import { recordedContainers, recordedFiles, recordedWatches, type RecordedContainer } from "../test/recording.ts";
import { startSource } from "../test/source-run.ts";
import type { SourceHealth } from "./source-health.ts";

/** Feeds recorded files through a source that was away since before the first of them. */
async function replay(
  name: "export" | "export-rate-limited",
  options: { readonly gzip?: boolean; readonly kinds?: readonly RuntimeEvent["kind"][]; readonly total: number },
): Promise<{ events: RuntimeEvent[]; health: SourceHealth }> {
  using folder = new ExportFolder();
  for (const file of recordedFiles(name)) {
    const isRotated = file.name !== "tetragon.log";
    const isCompressed = isRotated && options.gzip === true;
    writeFileSync(
      join(folder.folder, isCompressed ? `${file.name}.gz` : file.name),
      isCompressed ? gzipSync(file.bytes, { level: 1 }) : file.bytes,
    );
  }
  const { path, checkpointPath } = folder;
  writeFileSync(checkpointPath, JSON.stringify({ version: 1, savedAtMs: 0, position: null, confirmed: [] }));
  const run = await startSource({
    path,
    checkpointPath,
    ...(options.kinds === undefined ? {} : { kinds: options.kinds }),
  });
  await run.until("all lines", () => run.source.health().eventsTotal >= options.total);
  const health = run.source.health();
  await run.stop();
  return { events: run.events, health };
}

const recordedReplays = 47;

describe("the recording of Tetragon v1.7.0", () => {
  let events: RuntimeEvent[];
  let health: SourceHealth;
  let execs: ExecEvent[];
  let containers: RecordedContainer[];

  beforeAll(async () => {
    ({ events, health } = await replay("export", { total: 10_671 }));
    execs = events.filter((event): event is ExecEvent => event.kind === "exec");
    containers = recordedContainers();
  });

  function execsOf(container: RecordedContainer): ExecEvent[] {
    return execs.filter((event) => event.containerIdPrefix === container.id.slice(0, 31));
  }

  it("is read to the last line, in order, every line accounted for by its kind", () => {
    const kinds: Record<string, number> = {};
    for (const event of events) kinds[event.kind] = (kinds[event.kind] ?? 0) + 1;
    expect(kinds).toEqual({ exec: 3727, exit: 4006, open: 2486, network: 96, kprobe: 356 });
    expect(health).toMatchObject({
      eventsTotal: 10_671,
      decodeErrors: 0,
      unknownEvents: 0,
      droppedUpstream: 0,
      openEvents: 10_671,
    });
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, at) => at + 1));
    const bytes = recordedFiles("export").reduce((sum, file) => sum + file.bytes.length, 0);
    expect(events.reduce((sum, event) => sum + event.rawBytes + 1, 0)).toBe(bytes);
  });

  it("understands what its policies report, but for what begins nothing [hooks recording]", () => {
    const left: Record<string, number> = {};
    for (const event of events) if (event.kind === "kprobe") left[event.detail] = (left[event.detail] ?? 0) + 1;
    expect(left).toEqual({ tcp_close: 181, tcp_sendmsg: 175 });
    const opens = events.filter((event) => event.kind === "open");
    expect(opens.every((event) => event.path.startsWith("/etc/") && event.flags.length > 0)).toBe(true);
    expect(opens.filter((event) => event.flags[0] !== "O_RDONLY").map((event) => event.path)).toContain("/etc/motd");
    const connections = events.filter((event) => event.kind === "network");
    expect(new Set(connections.map((event) => `${event.direction} ${event.protocol}`))).toEqual(
      new Set(["egress TCP"]),
    );
    const ports = new Set(connections.map((event) => event.port));
    expect([...ports].toSorted((one, other) => one - other)).toEqual([9, 4444, 4445, 8080, 54_321]);
  });

  it("gives the same events when the rotated files are compressed, and when only executions are asked for", async () => {
    const compressed = await replay("export", { gzip: true, kinds: ["exec"], total: 10_671 });
    expect(compressed.health).toMatchObject({ eventsTotal: 10_671, decodeErrors: 0, openEvents: 3727 });
    expect(compressed.events.map((event) => event.execId)).toEqual(execs.map((event) => event.execId));
  });

  it("finds as many executions per container as there were", () => {
    const counts = containers
      .map((container) => [container.name, container.id.slice(0, 8), execsOf(container).length] as const)
      .filter(([, , count]) => count > 0);
    expect(counts).toEqual([
      ["pause", "2ae852d2", 2],
      ["web", "1ee283ea", 72],
      ["pause", "e42a3f17", 3],
      ["batch", "5953894d", 1502],
      ["pause", "45bc0f5a", 3],
      ["tools", "09780942", 713],
      ["pause", "2e258732", 3],
      ["web2", "917d842b", 208],
      ["node-agent", "043a7084", 204],
      ["crasher", "e586d0e1", 4],
      ["crasher", "3fd9272a", 4],
      ["crasher", "233546b1", 4],
      ["crasher", "10254a9e", 4],
      ["debugger", "4525c3df", 15],
      ["web", "5afd1e07", 87],
      ["batch", "13a33d1f", 377],
    ]);
    const inContainers = counts.reduce((sum, [, , count]) => sum + count, 0);
    expect(inContainers + execs.filter((event) => event.containerIdPrefix === "").length).toBe(3727);
  });

  it.each(["batch", "crasher", "node-agent"])("has exactly the executions that %s says it did", (name) => {
    const ofName = containers.filter((container) => container.name === name && execsOf(container).length > 0);
    expect(ofName.length).toBeGreaterThan(0);
    for (const container of ofName) {
      const direct = execsOf(container).filter((event) => event.parentPid === container.hostPid && !event.isReplay);
      const seen = direct.map((event) => plain(`${event.binary} ${event.args}`));
      // The shell's own sleep between two steps is no step, nor is the one it ends with.
      const steps = seen.filter((command) => !/^(?:\/proc\/self\/exe \d+|\/bin\/sleep 100000)$/.test(command));
      expect(steps.toSorted()).toEqual(container.commands.map(plain).toSorted());
    }
  });

  it("tells replays of what ran before from executions", () => {
    const replays = execs.filter((event) => event.isReplay);
    expect(replays).toHaveLength(recordedReplays);
    expect(replays.every((event) => !event.flags.includes("execve"))).toBe(true);
    // The start of Tetragon and its restart each replay the web container's shell.
    expect(
      replays.filter((event) => event.binary === "/bin/busybox" && event.args.startsWith("/scripts/web.sh")),
    ).toHaveLength(3);
  });

  it("tells the runtime's stages from what containers do, once per container process that was set up", () => {
    const stages = execs.filter((event) => event.isRuntimeStage);
    expect(stages).toHaveLength(13);
    expect(
      stages.every((event) => event.binary === "/dev/fd/6" && event.args === "init" && event.containerIdPrefix !== ""),
    ).toBe(true);
    // What looks like them is not: busybox and fileless programs.
    const alike = execs.filter(
      (event) =>
        event.containerIdPrefix !== "" && !event.isRuntimeStage && /^\/(?:dev\/fd|proc\/self)\//.test(event.binary),
    );
    expect(alike).toHaveLength(158);
    expect(
      alike
        .filter((event) => event.binary === "/dev/fd/4")
        .map((event) => event.args)
        .toSorted(),
    ).toEqual(["-u", "id"]);
    // Every container that started while Tetragon ran shows its own first program.
    for (const container of containers.filter((one) => execsOf(one).some((event) => event.isRuntimeStage))) {
      expect(execsOf(container).some((event) => event.pid === container.hostPid && !event.isRuntimeStage)).toBe(true);
    }
  });

  it("shows what else a reader must cope with", () => {
    const known = new Set(execs.map((event) => event.execId));
    const exits = events.filter((event) => event.kind === "exit");
    expect(exits.filter((event) => !known.has(event.execId))).toHaveLength(504);
    expect(execs.filter((event) => event.parentPid === -1)).toHaveLength(2);
    const times = events.map((event) => Date.parse(event.time));
    expect(times.filter((time, at) => at > 0 && time < times[at - 1]!).length).toBeGreaterThan(0);
    expect(Math.max(...events.map((event) => event.rawBytes))).toBeGreaterThan(60_000);
    expect(events.some((event) => event.kind === "exec" && event.args.includes("\ufffd"))).toBe(true);
  });

  it("tells that nobody watched while Tetragon was away [events blind]", () => {
    expect(health.blindIntervals).toMatchObject([{ reason: "Tetragon was started again" }]);
    const [{ fromMs, untilMs } = { fromMs: 0, untilMs: 0 }] = health.blindIntervals;
    const [first, second] = recordedWatches();
    expect(Math.abs(fromMs - first!.untilMs)).toBeLessThan(5000);
    expect(untilMs!).toBeGreaterThan(fromMs);
    expect(untilMs!).toBeLessThan(second!.fromMs);
  });

  it("says how many events the rate limit left out", async () => {
    const limited = await replay("export-rate-limited", { total: 1102 });
    expect(limited.health).toMatchObject({ eventsTotal: 1102, decodeErrors: 0, droppedUpstream: 1966 });
    expect(limited.health.blindIntervals).toHaveLength(1);
    expect(limited.events.filter((event) => event.kind === "rateLimit")).toMatchObject([
      { droppedEvents: 1966, pid: -1 },
    ]);
  });
});

/** Tetragon quotes arguments that hold spaces; logs do not. */
function plain(command: string): string {
  return command.replaceAll(/["\\]/g, "").replaceAll(/\s+/g, " ").trim();
}
