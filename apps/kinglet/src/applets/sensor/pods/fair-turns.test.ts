import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairTurns, type Asker } from "./fair-turns.ts";

/** A queue in which everything that is asked for waits, and says what it is when its turn comes. */
function waiting(...asked: readonly (readonly [what: string, namespace: string, containerId: string])[]) {
  const turns = new FairTurns();
  let last = "";
  const ask = (what: string, namespace: string, containerId: string): void => {
    turns.join(what, { namespace, containerId });
    turns.wait(what, () => (last = what));
  };
  for (const one of asked) ask(...one);
  const next = (): string => {
    last = "";
    turns.next()?.();
    return last;
  };
  return { turns, ask, next, all: () => Array.from({ length: 20 }, next).filter((what) => what !== "") };
}

describe("FairTurns", () => {
  it("lets namespaces take turns, within one its containers, and of one what it asked first [peers T-1]", () => {
    const { all, turns } = waiting(
      ["a1", "evil", "a"],
      ["a2", "evil", "a"],
      ["a3", "evil", "a"],
      ["b1", "evil", "b"],
      ["c1", "shop", "c"],
      ["c2", "shop", "c"],
    );
    expect(all()).toEqual(["a1", "c1", "b1", "c2", "a2", "a3"]);
    expect(turns.isWaiting).toBe(false);
  });

  it("gives what several ask for the first turn of any of them, once [peers T-2]", () => {
    const bench = waiting(["a1", "evil", "a"], ["a2", "evil", "a"], ["wanted", "evil", "a"]);
    bench.turns.join("wanted", { namespace: "shop", containerId: "c" });
    expect(bench.all()).toEqual(["a1", "wanted", "a2"]);
    // It may wait again, in the queues of all who asked.
    bench.turns.wait("wanted", () => {});
    expect([bench.turns.isWaiting, bench.turns.leave("wanted"), bench.turns.leave("wanted")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(bench.turns.isWaiting).toBe(false);
    for (const what of ["a1", "a2", "wanted"]) bench.turns.forget(what);
    expect(bench.turns.size).toBe(0);
  });

  it("has nobody wait for more than one turn of each other container and namespace, whoever asks for whatever [peers T-3]", () => {
    const asker = fc.record({
      namespace: fc.constantFrom("n1", "n2", "n3"),
      containerId: fc.constantFrom("a", "b", "c", "d"),
    });
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.tuple(asker, fc.integer({ min: 1, max: 5 })) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const turns = new FairTurns();
        const queues = new Map<string, string[]>();
        /** Turns of others since something of the container waits. */
        const since = new Map<string, Map<string, number>>();
        const turn: { of?: Asker | undefined } = {};
        let number = 0;
        const keyOf = ({ namespace, containerId }: Asker): string => `${namespace}/${containerId}`;
        const take = (): void => {
          turn.of = undefined;
          turns.next()?.();
          const served = turn.of as Asker | undefined;
          const hasWaiting = [...queues.values()].some((queue) => queue.length > 0);
          expect(served !== undefined).toBe(hasWaiting);
          if (served === undefined) return;
          const own = keyOf(served);
          queues.get(own)?.shift();
          since.delete(own);
          if (queues.get(own)?.length !== 0) since.set(own, new Map());
          for (const [key, turnsOf] of since) {
            if (key === own) continue;
            const isSibling = key.split("/")[0] === served.namespace;
            const counted = isSibling ? own : served.namespace;
            turnsOf.set(counted, (turnsOf.get(counted) ?? 0) + 1);
            const siblings = [...turnsOf].filter(([one]) => one.includes("/"));
            for (const [, count] of siblings) expect(count).toBeLessThanOrEqual(1);
            for (const [one, count] of turnsOf) {
              if (!one.includes("/")) expect(count).toBeLessThanOrEqual(siblings.length + 1);
            }
          }
        };
        for (const one of steps) {
          if (one === undefined) {
            take();
            continue;
          }
          const [who, count] = one;
          for (let at = 0; at < count; at += 1) {
            const what = `w${(number += 1)}`;
            const queue = queues.get(keyOf(who)) ?? [];
            queues.set(keyOf(who), queue);
            if (queue.length === 0) since.set(keyOf(who), new Map());
            queue.push(what);
            turns.join(what, { ...who, containerId: keyOf(who) });
            turns.wait(what, () => {
              expect(queue[0]).toBe(what);
              turn.of = who;
            });
          }
        }
        while (turns.isWaiting) take();
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
