import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FetchQueue, type Urgency } from "./fetch-queue.ts";

const order: readonly Urgency[] = ["first", "awaited", "refresh"];

describe("FetchQueue", () => {
  it("gives the most urgent one that came first, each once, as a sorted list would", () => {
    const urgency = fc.constantFrom(...order);
    const entry = fc.integer({ min: 0, max: 6 });
    const command = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), entry, urgency }),
      fc.record({ kind: fc.constant("delete" as const), entry }),
      fc.record({ kind: fc.constant("take" as const), takesRefresh: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const queue = new FetchQueue<number>();
        let waiting: { readonly entry: number; readonly urgency: Urgency }[] = [];
        for (const one of commands) {
          if (one.kind === "add") {
            queue.add(one.entry, one.urgency);
            const known = waiting.find((other) => other.entry === one.entry);
            if (known !== undefined && order.indexOf(known.urgency) <= order.indexOf(one.urgency)) continue;
            waiting = waiting.filter((other) => other !== known);
            waiting.push({ entry: one.entry, urgency: one.urgency });
          } else if (one.kind === "delete") {
            queue.delete(one.entry);
            waiting = waiting.filter((other) => other.entry !== one.entry);
          } else {
            const [next] = waiting
              .filter((other) => one.takesRefresh || other.urgency !== "refresh")
              .toSorted((left, right) => order.indexOf(left.urgency) - order.indexOf(right.urgency));
            expect(queue.take(one.takesRefresh)).toEqual(next);
            waiting = waiting.filter((other) => other !== next);
          }
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
