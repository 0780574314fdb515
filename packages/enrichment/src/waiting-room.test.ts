import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CapabilityEvent } from "./capability-event.ts";
import type { ContainerIdentity } from "./container-identity.ts";
import { ContainerIndex } from "./container-index.ts";
import { DnsEvent } from "./dns-event.ts";
import type { EventOrigin } from "./event-origin.ts";
import { ExecEvent } from "./exec-event.ts";
import { ExitEvent } from "./exit-event.ts";
import { KernelCallEvent } from "./kernel-call-event.ts";
import { LinkEvent } from "./link-event.ts";
import { NetworkEvent } from "./network-event.ts";
import { OpenEvent } from "./open-event.ts";
import { OtherEvent } from "./other-event.ts";
import { SyscallEvent } from "./syscall-event.ts";
import { WaitingRoom } from "./waiting-room.ts";

const containerIds = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));

function room(
  options: {
    maxEntries?: number;
    maxBytes?: number;
    index?: Pick<ContainerIndex, "find">;
    isCurrent?: () => boolean;
  } = {},
) {
  const clock = new ManualClock();
  const index = new ContainerIndex({ clock });
  const delivered: [number, string | undefined][] = [];
  const waiting = new WaitingRoom({
    index: options.index ?? index,
    clock,
    maxEntries: options.maxEntries ?? 100,
    ...(options.isCurrent === undefined ? {} : { isCurrent: options.isCurrent }),
    deliver: (event, identity) => void delivered.push([event.sequence, identity?.containerName]),
  });
  return { clock, index, delivered, waiting, add: (container: number) => index.setPod(podOf(container)).added };
}

function podOf(container: number) {
  return {
    metadata: { name: `p${container}`, namespace: "n", uid: `u${container}`, resourceVersion: "1" },
    spec: { containers: [{ name: `c${container}` }] },
    status: { containerStatuses: [{ name: `c${container}`, containerID: `containerd://${containerIds[container]}` }] },
  };
}

function event(sequence: number, container: number): ExecEvent {
  return new ExecEvent({ sequence, containerIdPrefix: containerIds[container]!.slice(0, 31) });
}

describe("WaitingRoom", () => {
  it("delivers inside submit when the container is known or there is none", () => {
    const { waiting, delivered, add, clock } = room();
    add(0);
    waiting.submit(event(1, 0));
    waiting.submit(new ExecEvent({ sequence: 2 }));
    expect(delivered).toEqual([
      [1, "c0"],
      [2, undefined],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets nobody's wait end by time while the index is behind, and ends it once the index has caught up [enrichment slow informer]", async () => {
    let isCurrent = false;
    const { waiting, delivered, add, clock } = room({ isCurrent: () => isCurrent });
    waiting.submit(event(1, 0));
    waiting.submit(event(2, 1));
    await clock.advance(60_000);
    expect(delivered).toEqual([]);
    waiting.containersAdded(add(0));
    expect(delivered).toEqual([[1, "c0"]]);
    isCurrent = true;
    await clock.advance(1_000);
    expect(delivered).toEqual([
      [1, "c0"],
      [2, undefined],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("loses nothing while the index is behind until it is full, then what has waited longest [enrichment slow informer]", async () => {
    const { waiting, delivered, clock } = room({ maxEntries: 4, isCurrent: () => false });
    for (let sequence = 1; sequence <= 4; sequence++) waiting.submit(event(sequence, sequence % 4));
    await clock.advance(3_600_000);
    expect([delivered, waiting.size]).toEqual([[], 4]);
    waiting.submit(event(5, 0));
    expect([waiting.size, waiting.dropped]).toEqual([4, 1]);
  });

  it("holds an event until its container is added [enrichment call-back]", () => {
    const { waiting, delivered, add, clock } = room();
    waiting.submit(event(1, 0));
    waiting.submit(event(2, 1));
    waiting.submit(event(3, 0));
    expect(waiting.size).toBe(3);
    expect(clock.pendingTimers).toBe(1);
    waiting.containersAdded(add(0));
    expect(delivered).toEqual([
      [1, "c0"],
      [3, "c0"],
    ]);
    waiting.containersAdded(add(1));
    expect(delivered.at(-1)).toEqual([2, "c1"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("resolves events that carry a pod instead of an id [enrichment join]", () => {
    const { waiting, delivered, add } = room();
    waiting.submit(new ExecEvent({ sequence: 1, podUid: "u0", containerName: "c0" }));
    waiting.submit(new ExecEvent({ sequence: 2, podNamespace: "n", podName: "p0", containerName: "c0" }));
    waiting.containersAdded(add(0));
    expect(delivered).toEqual([
      [1, "c0"],
      [2, "c0"],
    ]);
  });

  it("delivers unresolved after the wait, later events after their own wait [enrichment unresolved]", async () => {
    const { waiting, delivered, clock } = room();
    waiting.submit(event(1, 0));
    await clock.advance(3000);
    waiting.submit(event(2, 0));
    await clock.advance(1999);
    expect(delivered).toEqual([]);
    await clock.advance(1);
    expect(delivered).toEqual([[1, undefined]]);
    await clock.advance(3000);
    expect(delivered).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("keeps the order when a container became known without a call", () => {
    const { waiting, delivered, add } = room();
    waiting.submit(event(1, 0));
    add(0);
    waiting.submit(event(2, 0));
    expect(delivered).toEqual([
      [1, "c0"],
      [2, "c0"],
    ]);
  });

  it("looks up once more after the event entered, so that a container added in between is not missed [start-up L12] [enrichment look again]", () => {
    const identity = { containerName: "c0" } as ContainerIdentity;
    let looks = 0;
    const index = { find: (_event: EventOrigin) => (++looks === 1 ? undefined : identity) };
    const { waiting, delivered, clock } = room({ index });
    waiting.submit(event(1, 0));
    expect(delivered).toEqual([[1, "c0"]]);
    expect(looks).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it("delivers the longest waiting event unresolved when it is full, and counts [enrichment bound]", () => {
    const { waiting, delivered, add } = room({ maxEntries: 2 });
    for (const sequence of [1, 2, 3]) waiting.submit(event(sequence, 0));
    expect(delivered).toEqual([[1, undefined]]);
    expect([waiting.size, waiting.dropped]).toEqual([2, 1]);
    waiting.containersAdded(add(0));
    expect(delivered).toEqual([
      [1, undefined],
      [2, "c0"],
      [3, "c0"],
    ]);
  });

  it("holds events of every kind alike [enrichment kinds]", () => {
    const { waiting, delivered, add } = room();
    const init = { containerIdPrefix: containerIds[0]!.slice(0, 31) };
    const kinds = [
      new ExecEvent({ ...init, sequence: 1 }),
      new OpenEvent({ ...init, sequence: 2 }),
      new NetworkEvent({ ...init, sequence: 3 }),
      new DnsEvent({ ...init, sequence: 4 }),
      new CapabilityEvent({ ...init, sequence: 5 }),
      new SyscallEvent({ ...init, sequence: 6 }),
      new LinkEvent({ ...init, kind: "symlink", sequence: 7 }),
      new KernelCallEvent({ ...init, kind: "bpf", sequence: 8 }),
      new ExitEvent({ ...init, sequence: 9 }),
      new OtherEvent({ ...init, kind: "kprobe", sequence: 10 }),
    ];
    for (const one of kinds) waiting.submit(one);
    expect([waiting.size, delivered]).toEqual([10, []]);
    waiting.containersAdded(add(0));
    expect(delivered).toEqual(kinds.map((_, at) => [at + 1, "c0"]));
  });

  it("looks at nothing while nobody waits, and once per deadline while somebody does [enrichment no scans]", async () => {
    let looks = 0;
    const { waiting, clock } = room({ index: { find: () => ((looks += 1), undefined) } });
    await clock.advance(3_600_000);
    expect([looks, clock.pendingTimers]).toEqual([0, 0]);
    waiting.submit(event(1, 0));
    const atEntry = looks;
    await clock.advance(4999);
    expect([looks, clock.pendingTimers]).toEqual([atEntry, 1]);
    await clock.advance(1);
    expect([looks, clock.pendingTimers]).toEqual([atEntry + 1, 0]);
    await clock.advance(3_600_000);
    expect(looks).toBe(atEntry + 1);
  });

  it("loses nothing below the bound however long the informer is away, and whatever it brings back [enrichment slow informer]", async () => {
    const away = fc.record({
      containers: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 9 }),
      awayMs: fc.integer({ min: 0, max: 3_600_000 }),
      added: fc.uniqueArray(fc.integer({ min: 0, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(away, { maxLength: 4 }), async (rounds) => {
        let isCurrent = false;
        const { waiting, delivered, add, clock } = room({ maxEntries: 100, isCurrent: () => isCurrent });
        const known = new Set<number>();
        const expected = new Map<number, string | undefined>();
        let sequence = 0;
        for (const round of rounds) {
          isCurrent = false;
          const arrived = round.containers.map((container) => {
            waiting.submit(event(++sequence, container));
            return { sequence, container };
          });
          await clock.advance(round.awayMs);
          // It comes back with a list of everything.
          for (const container of round.added) {
            known.add(container);
            waiting.containersAdded(add(container));
          }
          isCurrent = true;
          await clock.advance(6000);
          for (const one of arrived)
            expected.set(one.sequence, known.has(one.container) ? `c${one.container}` : undefined);
          expect(waiting.size).toBe(0);
        }
        expect(new Map(delivered)).toEqual(expected);
        expect([delivered.length, waiting.dropped, clock.pendingTimers]).toEqual([sequence, 0, 0]);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("delivers nothing after disposal and leaves no timer", async () => {
    const { waiting, delivered, clock } = room();
    waiting.submit(event(1, 0));
    waiting[Symbol.dispose]();
    waiting.submit(event(2, 0));
    await clock.advance(10_000);
    expect(delivered).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes a long queue of one container in linear time and in order", () => {
    const { waiting, delivered, add } = room({ maxEntries: 20_000 });
    for (let sequence = 1; sequence <= 20_000; sequence++) waiting.submit(event(sequence, 0));
    waiting.containersAdded(add(0));
    expect(delivered.map(([sequence]) => sequence)).toEqual(Array.from({ length: 20_000 }, (_, at) => at + 1));
  });

  it("loses nothing, repeats nothing and keeps each container's order under any interleaving [start-up L12]", async () => {
    const container = fc.integer({ min: 0, max: 3 });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant("submit" as const), container }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("add" as const), container }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("addLate" as const), container }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), container }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 4000 }) }) },
    );
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      async (steps, maxEntries) => {
        const { waiting, delivered, add, index, clock } = room({ maxEntries });
        const submitted: { container: number; wasKnown: boolean; resolvedBy: number }[] = [];
        for (const one of steps) {
          if (one.do === "submit") {
            const wasKnown = index.get(containerIds[one.container]!) !== undefined;
            submitted.push({ container: one.container, wasKnown, resolvedBy: 0 });
            waiting.submit(event(submitted.length, one.container));
            if (wasKnown) expect(delivered).toContainEqual([submitted.length, `c${one.container}`]);
          } else if (one.do === "add") {
            waiting.containersAdded(add(one.container));
            const left = submitted.findIndex((entry, at) => entry.container === one.container && !isDelivered(at + 1));
            expect(left).toBe(-1);
          } else if (one.do === "addLate") {
            add(one.container);
          } else if (one.do === "remove") {
            index.removePod(`u${one.container}`);
          } else {
            await clock.advance(one.ms);
          }
          expect(waiting.size).toBeLessThanOrEqual(maxEntries);
          expect(waiting.size).toBe(submitted.length - delivered.length);
        }
        await clock.advance(5000);
        expect(delivered.map(([sequence]) => sequence).toSorted((a, b) => a - b)).toEqual(
          submitted.map((_, at) => at + 1),
        );
        for (let one = 0; one < 4; one++) {
          const order = delivered.map(([sequence]) => sequence).filter((at) => submitted[at - 1]!.container === one);
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
        await clock.advance(60_000);
        expect(clock.pendingTimers).toBe(0);

        function isDelivered(sequence: number): boolean {
          return delivered.some(([other]) => other === sequence);
        }
      },
    );
    await fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("gives room again when the waits end or it is disposed of", async () => {
    let isCurrent = false;
    const { waiting, clock } = room({ maxEntries: 1, isCurrent: () => isCurrent });
    waiting.submit(event(1, 0));
    const expired = waiting.waitForRoom();
    await clock.advance(5000);
    isCurrent = true;
    await clock.advance(1000);
    await expired;
    isCurrent = false;
    waiting.submit(event(2, 1));
    const disposed = waiting.waitForRoom();
    waiting[Symbol.dispose]();
    await disposed;
  });

  it("keeps half of the room from strangers until they become known", async () => {
    const { waiting, delivered, add, clock } = room({ maxEntries: 4 });
    waiting.submit(event(1, 0));
    await clock.advance(5000);
    expect(delivered).toEqual([[1, undefined]]);
    for (let sequence = 2; sequence <= 9; sequence++) waiting.submit(event(sequence, 0));
    expect(waiting.size).toBe(2);
    waiting.submit(event(10, 1));
    expect(waiting.size).toBe(3);
    waiting.containersAdded(add(0));
    waiting.submit(event(11, 0));
    expect(delivered.slice(-3)).toEqual([
      [2, "c0"],
      [3, "c0"],
      [11, "c0"],
    ]);
  });
});
