import { ExecEvent, ExitEvent, NetworkEvent, OtherEvent, type RuntimeEvent } from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "./event-queue.ts";

const make = {
  exec: (sequence: number): RuntimeEvent => new ExecEvent({ sequence }),
  exit: (sequence: number): RuntimeEvent => new ExitEvent({ sequence }),
  network: (sequence: number): RuntimeEvent => new NetworkEvent({ sequence }),
  plain: (sequence: number): RuntimeEvent => new OtherEvent({ kind: "kprobe", sequence }),
  policy: (sequence: number): RuntimeEvent => new OtherEvent({ kind: "kprobe", sequence, policyName: "p" }),
  lsm: (sequence: number): RuntimeEvent => new OtherEvent({ kind: "lsm", sequence }),
};
type Name = keyof typeof make;

const worth: Readonly<Record<Name, number>> = { exit: 0, plain: 1, exec: 2, network: 2, policy: 2, lsm: 2 };

function run(maxEntries: number, names: readonly Name[]): { kept: number[]; dropped: number[]; queue: EventQueue } {
  const dropped: number[] = [];
  const queue = new EventQueue({ maxEntries, onDrop: ({ sequence }) => dropped.push(sequence) });
  names.forEach((name, at) => queue.offer(make[name](at + 1)));
  const kept: number[] = [];
  for (let event = queue.tryTake(); event !== undefined; event = queue.tryTake()) kept.push(event.sequence);
  return { kept, dropped, queue };
}

describe("EventQueue", () => {
  it("gives events in the order of arrival, whatever their kinds [queue order]", () => {
    expect(run(6, ["exit", "exec", "plain", "exec", "exit", "lsm"]).kept).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[readonly Name[], number[]]>([
    [["exec", "exit", "exit", "exec"], [2]],
    [["exec", "exec", "exec", "exit"], [4]],
    [["plain", "exec", "exec", "exec"], [1]],
    [
      ["plain", "exit", "exec", "network", "policy"],
      [2, 1],
    ],
    [["exec", "lsm", "policy", "plain"], [4]],
    [["exec", "lsm", "policy", "network"], [1]],
    [["exit", "exit", "exit", "exit"], [1]],
  ])("of %j with room for three drops %j [queue drops by kind]", (names, dropped) => {
    expect(run(3, names).dropped).toEqual(dropped);
  });

  it("never keeps what is worth less than what it drops, and accounts for everything [queue drops by kind]", () => {
    const names = fc.array(fc.constantFrom(...(Object.keys(make) as Name[])), { maxLength: 60 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 8 }), (arriving, maxEntries) => {
        const { kept, dropped, queue } = run(maxEntries, arriving);
        expect(kept).toEqual(kept.toSorted((one, other) => one - other));
        expect(kept.length).toBe(Math.min(maxEntries, arriving.length));
        expect(kept.length + dropped.length).toBe(arriving.length);
        expect(queue.dropped).toBe(dropped.length);
        const of = (sequences: number[]): number[] => sequences.map((sequence) => worth[arriving[sequence - 1]!]);
        expect(Math.min(3, ...of(kept))).toBeGreaterThanOrEqual(
          Math.max(0, ...of(dropped)) === 0 ? 0 : Math.min(...of(dropped)),
        );
        // As many of the most valuable as fit, always.
        const valuable = arriving.filter((name) => worth[name] === 2).length;
        expect(of(kept).filter((rank) => rank === 2).length).toBe(Math.min(maxEntries, valuable));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("lets a taker wait, and loses nothing when the wait is cut short", async () => {
    const queue = new EventQueue({ maxEntries: 2 });
    const waiting = queue.take({ signal: new AbortController().signal });
    queue.offer(make.exec(1));
    expect((await waiting).sequence).toBe(1);
    const stop = new AbortController();
    const cut = queue.take({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(cut).rejects.toThrow("enough");
    queue.offer(make.exec(2));
    expect([queue.size, queue.tryTake()?.sequence, queue.size]).toEqual([1, 2, 0]);
  });

  it("holds no more bytes than it may: above the average an event gives way itself, below it the oldest does [queue drops by kind]", () => {
    const dropped: number[] = [];
    const queue = new EventQueue({ maxEntries: 100, maxBytes: 1000, onDrop: ({ sequence }) => dropped.push(sequence) });
    const offer = (sequence: number, rawBytes: number): boolean => queue.offer(new ExecEvent({ sequence, rawBytes }));
    for (let sequence = 1; sequence <= 10; sequence++) offer(sequence, 100);
    expect(offer(11, 900)).toBe(false);
    expect(offer(12, 50)).toBe(true);
    expect(dropped).toEqual([11, 1]);
    // Exits go before any execution does.
    queue.offer(new ExitEvent({ sequence: 13, rawBytes: 50 }));
    expect(offer(14, 50)).toBe(true);
    expect(dropped).toEqual([11, 1, 13]);
    for (let event = queue.tryTake(); event !== undefined; event = queue.tryTake());
    // One alone is taken whatever its size: it is bounded by whoever made it.
    expect(offer(15, 5000)).toBe(true);
    expect(queue.tryTake()?.sequence).toBe(15);
  });
});
