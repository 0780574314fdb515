import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { ContainerIndex } from "./container-index.ts";
import { ExecEvent } from "./exec-event.ts";
import { WaitingRoom } from "./waiting-room.ts";

const containerIds = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));

function room(options: { maxEntries?: number; maxBytes?: number; isCurrent?: () => boolean } = {}) {
  const { maxEntries = 100, ...rest } = options;
  const clock = new ManualClock();
  const index = new ContainerIndex({ clock });
  const delivered: [number, string | undefined][] = [];
  const waiting = new WaitingRoom({
    index,
    clock,
    maxEntries,
    ...rest,
    deliver: (event, identity) => void delivered.push([event.sequence, identity?.containerName]),
  });
  return { clock, delivered, waiting, add: (container: number) => index.setPod(podOf(container)).added };
}

function podOf(container: number) {
  return {
    metadata: { name: `p${container}`, namespace: "n", uid: `u${container}`, resourceVersion: "1" },
    spec: { containers: [{ name: `c${container}` }] },
    status: { containerStatuses: [{ name: `c${container}`, containerID: `containerd://${containerIds[container]}` }] },
  };
}

function event(sequence: number, container: number, rawBytes = 100): ExecEvent {
  return new ExecEvent({ sequence, containerIdPrefix: containerIds[container]!.slice(0, 31), rawBytes });
}

/** What collects garbage now. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

describe("WaitingRoom", () => {
  it("asks its producer for nothing while the index is current, however full it is [enrichment stall]", () => {
    const { waiting, delivered } = room({ maxEntries: 2, maxBytes: 1000 });
    for (let sequence = 1; sequence <= 9; sequence++) {
      waiting.submit(event(sequence, sequence % 3, 600));
      expect(waiting.waitForRoom()).toBeUndefined();
    }
    expect([waiting.size, waiting.bytes, delivered.length, waiting.dropped]).toEqual([1, 600, 8, 8]);
  });

  it("has a container that keeps more than its share give way itself, oldest first [enrichment bound]", () => {
    const { waiting, delivered, add } = room({ maxEntries: 32 });
    waiting.submit(event(1, 0));
    for (let sequence = 2; sequence <= 500; sequence++) waiting.submit(event(sequence, 1));
    expect(waiting.size).toBe(32);
    expect(delivered[0]).toEqual([2, undefined]);
    waiting.containersAdded(add(0));
    expect(delivered.at(-1)).toEqual([1, "c0"]);
  });

  it("bounds the bytes of what waits, and lets a larger event wait alone [enrichment bound]", () => {
    const { waiting, delivered, add } = room({ maxBytes: 1000 });
    waiting.submit(event(1, 0, 400));
    waiting.submit(event(2, 1, 400));
    waiting.submit(event(3, 2, 400));
    expect([delivered, waiting.bytes]).toEqual([[[1, undefined]], 800]);
    waiting.submit(event(4, 3, 5000));
    expect([waiting.size, waiting.bytes, waiting.dropped]).toEqual([1, 5000, 3]);
    waiting.containersAdded(add(3));
    expect([waiting.size, waiting.bytes]).toEqual([0, 0]);
  });

  it("keeps nothing of an event that has left, whoever of its container still waits [enrichment bound]", async () => {
    const { waiting } = room({ maxEntries: 40 });
    const left: WeakRef<ExecEvent>[] = [];
    for (let sequence = 1; sequence <= 100; sequence++) {
      const one = event(sequence, 0);
      left.push(new WeakRef(one));
      waiting.submit(one);
    }
    const collect = collector();
    // What was looked at in this turn stays until the next one.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(left.filter((ref) => ref.deref() !== undefined).length).toBe(40);
    expect(waiting.size).toBe(40);
  });

  it("lets its producer go on once the index is current, or was waited for in vain [enrichment slow informer]", async () => {
    let isCurrent = false;
    const { waiting, clock } = room({ maxEntries: 2, isCurrent: () => isCurrent });
    waiting.submit(event(1, 0));
    waiting.submit(event(2, 1));
    let ended = 0;
    void waiting.waitForRoom()?.then(() => (ended += 1));
    await clock.advance(1500);
    expect(ended).toBe(0);
    isCurrent = true;
    await clock.advance(1000);
    expect(ended).toBe(1);
    isCurrent = false;
    waiting.submit(event(3, 2));
    void waiting.waitForRoom()?.then(() => (ended += 1));
    await clock.advance(29_000);
    expect(ended).toBe(1);
    await clock.advance(1_000);
    expect(ended).toBe(2);
    // Not again before the index was current.
    expect(waiting.waitForRoom()).toBeUndefined();
    isCurrent = true;
    expect(waiting.waitForRoom()).toBeUndefined();
    isCurrent = false;
    expect(waiting.waitForRoom()).toBeInstanceOf(Promise);
  });

  it("asks its producer to wait while it is full and the index is behind, so that a flood pushes nobody out [enrichment slow informer]", async () => {
    const { waiting, delivered, add, clock } = room({ maxEntries: 3, isCurrent: () => false });
    waiting.submit(event(1, 0));
    expect(waiting.waitForRoom()).toBeUndefined();
    waiting.submit(event(2, 1));
    waiting.submit(event(3, 1));
    const full = waiting.waitForRoom();
    let isOver = false;
    void full?.then(() => (isOver = true));
    await clock.advance(100);
    expect([full === undefined, isOver, waiting.dropped]).toEqual([false, false, 0]);
    waiting.containersAdded(add(0));
    await clock.advance(0);
    expect([isOver, delivered]).toEqual([true, [[1, "c0"]]]);
  });
});
