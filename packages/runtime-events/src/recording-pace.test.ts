import {
  ContainerIndex,
  ProcessTree,
  WaitingRoom,
  type ExecEvent,
  type PodView,
  type RuntimeEvent,
} from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { beforeAll, describe, expect, it } from "vitest";
import { recordedContainers, recordedFiles, recordedWatches, type RecordedContainer } from "../test/recording.ts";
import { loadDecodeActivity } from "./lazy.ts";
import { TetragonDecoder } from "./tetragon-decoder.ts";

const containers = recordedContainers();
/** A pod's status does not name its sandbox. */
const declared = containers.filter(({ name }) => name !== "pause");
/** How long it takes until the status of a pod has arrived. */
const informerLagMs = 2000;

interface Moment {
  readonly atMs: number;
  readonly do: RuntimeEvent | (() => void);
}

/** The lines of the export as events, each when it was written: in the order of the file, never back in time. */
async function recordedEvents(): Promise<readonly { readonly atMs: number; readonly event: RuntimeEvent }[]> {
  const decoder = new TetragonDecoder({ nodeName: "node", kinds: undefined, loadActivities: loadDecodeActivity });
  await decoder.prepare();
  const events: { atMs: number; event: RuntimeEvent }[] = [];
  let atMs = 0;
  for (const { bytes } of recordedFiles("export")) {
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(0x0a, start);
      const event = decoder.decode(bytes, start, end, events.length + 1, 0);
      if (typeof event === "string") throw new Error(`a line is ${event}`);
      atMs = Math.max(atMs, Date.parse(event.time));
      events.push({ atMs, event });
      start = end + 1;
    }
  }
  return events;
}

function podOf(uid: string, statuses: ReadonlySet<RecordedContainer>): PodView {
  const own = declared.filter((container) => container.podUid === uid);
  const nameOf = (container: RecordedContainer): string => `${container.name}-${container.id.slice(0, 8)}`;
  return {
    metadata: { name: `pod-${uid.slice(0, 8)}`, namespace: "recorded", uid, resourceVersion: "1" },
    spec: { containers: own.map((container) => ({ name: nameOf(container) })) },
    status: {
      containerStatuses: own
        .filter((container) => statuses.has(container))
        .map((container) => ({ name: nameOf(container), containerID: `containerd://${container.id}` })),
    },
  };
}

/** Everything that happened, at `speed` times its pace. */
async function replay(
  events: readonly { readonly atMs: number; readonly event: RuntimeEvent }[],
  options: { readonly speed: number; readonly podsComeAtOnceAfterMs?: number },
): Promise<{ delivered: Map<string, RuntimeEvent[]>; repeats: number; room: WaitingRoom; clock: ManualClock }> {
  const clock = new ManualClock();
  const index = new ContainerIndex({ clock });
  const tree = new ProcessTree({ clock });
  const delivered = new Map<string, RuntimeEvent[]>();
  const room = new WaitingRoom({
    index,
    clock,
    maxEntries: 20_000,
    deliver: (event, identity) => {
      const key = identity?.containerId ?? "";
      const list = delivered.get(key);
      if (list === undefined) delivered.set(key, [event]);
      else list.push(event);
    },
  });
  const shown = new Set<RecordedContainer>();
  const show = (container: RecordedContainer): void => {
    shown.add(container);
    room.containersAdded(index.setPod(podOf(container.podUid, shown)).added);
  };
  const end = (container: RecordedContainer): void => {
    shown.delete(container);
    index.setPod(podOf(container.podUid, shown));
  };
  const moments: Moment[] = events.map(({ atMs, event }) => ({ atMs, do: event }));
  if (options.podsComeAtOnceAfterMs === undefined) {
    const lagMs = Number.isFinite(options.speed) ? informerLagMs : 0;
    for (const container of declared) {
      moments.push({ atMs: container.startedAtMs + lagMs, do: () => show(container) });
      if (container.removedAtMs !== undefined) {
        moments.push({ atMs: container.removedAtMs + lagMs, do: () => end(container) });
      }
    }
    // What ran before the recording began was known.
    for (const { atMs, do: act } of moments) if (atMs < events[0]!.atMs && typeof act === "function") act();
    moments.sort((one, other) => one.atMs - other.atMs);
  }
  let nowMs = events[0]!.atMs;
  let repeats = 0;
  for (const moment of moments) {
    if (moment.atMs > nowMs) {
      if (Number.isFinite(options.speed)) await clock.advance((moment.atMs - nowMs) / options.speed);
      nowMs = moment.atMs;
    }
    if (typeof moment.do === "function") {
      moment.do();
      continue;
    }
    const event = moment.do;
    if (event.kind === "exit") tree.exited(event);
    if (event.kind === "exec" && !tree.executed(event)) repeats += 1;
    else room.submit(event);
  }
  if (options.podsComeAtOnceAfterMs !== undefined) {
    await clock.advance(options.podsComeAtOnceAfterMs);
    for (const container of declared) show(container);
  }
  await clock.advance(6000);
  return { delivered, repeats, room, clock };
}

describe("the recording of Tetragon v1.7.0 in time", () => {
  let events: Awaited<ReturnType<typeof recordedEvents>>;

  beforeAll(async () => {
    events = await recordedEvents();
  });

  it.each([
    ["at its own pace", { speed: 1 }],
    ["at ten times its pace", { speed: 10 }],
    ["as fast as possible", { speed: Number.POSITIVE_INFINITY }],
    ["as fast as possible, the pods 4 s late", { speed: Number.POSITIVE_INFINITY, podsComeAtOnceAfterMs: 4000 }],
  ])("gives each container its events, no more and no fewer, %s [events recording]", async (_, options) => {
    const { delivered, repeats, room, clock } = await replay(events, options);
    expect([room.size, room.dropped]).toEqual([0, 0]);
    // A running process is replayed when Tetragon starts again; the first time nobody had seen it.
    const replays = events.filter(({ event }) => event.kind === "exec" && event.isReplay);
    const first = new Set<string>();
    const seenBefore = events.filter(({ event }) => {
      if (event.kind !== "exec") return false;
      const isKnown = event.isReplay && first.has(event.execId);
      first.add(event.execId);
      return isKnown;
    });
    expect(seenBefore.length).toBeGreaterThan(0);
    expect(seenBefore.length).toBeLessThan(replays.length);
    expect(repeats).toBeGreaterThanOrEqual(Number.isFinite(options.speed) ? 1 : seenBefore.length);
    for (const container of declared) {
      const expected = events
        .map(({ event }) => event)
        .filter((event) => event.containerIdPrefix === container.id.slice(0, 31));
      const found = delivered.get(container.id) ?? [];
      const isNews = (event: RuntimeEvent): boolean => event.kind !== "exec" || !event.isReplay;
      expect(found.filter(isNews)).toEqual(expected.filter(isNews));
    }
    const unresolved = delivered.get("") ?? [];
    const sandboxes = new Set(containers.filter(({ name }) => name === "pause").map(({ id }) => id.slice(0, 31)));
    expect(unresolved.every(({ containerIdPrefix: id }) => id === "" || sandboxes.has(id))).toBe(true);
    await clock.advance(120_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("has every command that a container noted while Tetragon watched, with its arguments [events recording]", () => {
    const watches = recordedWatches().slice(0, 2);
    let counted = 0;
    for (const container of declared) {
      const left = new Map<string, ExecEvent[]>();
      for (const { event } of events) {
        if (event.kind !== "exec" || event.containerIdPrefix !== container.id.slice(0, 31)) continue;
        const key = plain(asNoted(event));
        left.set(key, [...(left.get(key) ?? []), event]);
      }
      for (const step of container.steps) {
        const isWatched = watches.some(({ fromMs, untilMs }) => step.atMs > fromMs && step.atMs < untilMs);
        if (!isWatched || !step.isVerbatim) continue;
        const execution = left.get(plain(step.command))?.shift();
        expect(execution, `${container.name}: ${step.command}`).toBeDefined();
        if (step.argumentCount === undefined || execution?.argv === undefined) continue;
        expect(execution.argv.slice(-step.argumentCount).join(" "), step.command).toContain(
          step.command.split(" ").at(-1),
        );
        expect(execution.argv.length - step.argumentCount, step.command).toBe(wordsBefore(execution));
        counted += 1;
      }
    }
    expect(counted).toBeGreaterThan(100);
  });

  it("tells the argument vector of nearly every execution", () => {
    const execs = events.map(({ event }) => event).filter((event) => event.kind === "exec");
    const untold = execs.filter(({ argv }) => argv === undefined);
    expect(untold.length).toBeLessThan(execs.length / 100);
    expect(untold.every(({ args, isTruncated }) => isTruncated || /["'\ufffd]/.test(args))).toBe(true);
  });
});

/**
 * The kernel puts the interpreter before a script, and Tetragon names the script as the binary: what was typed is what comes
 * from the script's name on.
 */
function asNoted(event: ExecEvent): string {
  const before = wordsBefore(event);
  return before === 0 ? `${event.binary} ${event.args}` : (event.argv ?? []).slice(before).join(" ");
}

/** Words of the interpreter's that come before a script's name. */
function wordsBefore(event: ExecEvent): number {
  const at = event.argv?.indexOf(event.binary, 1) ?? -1;
  return at === 1 || at === 2 ? at : 0;
}

/** Tetragon quotes arguments that hold spaces; logs do not. */
function plain(command: string): string {
  return command.replaceAll(/["\\]/g, "").replaceAll(/\s+/g, " ").trim();
}
