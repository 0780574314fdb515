import { checksum, type ContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";

describe("ProfileCache", () => {
  it("agrees with the store after any history of additions, removals, writes, deletions and failures", async () => {
    const id = fc.integer({ min: 0, max: 5 });
    const command = fc.oneof(
      fc.record({ kind: fc.constant("add"), id, name: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant("remove"), id, name: fc.constant(0) }),
      fc.record({ kind: fc.constantFrom("put", "delete"), id, name: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constantFrom("fail", "hold", "answer", "advance"), id, name: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const { cache, source, clock, metrics, stop } = start({ maxEntries: 10 });
        const wanted = new Map<string, string>();
        for (const { kind, id, name } of commands) {
          if (kind === "add") {
            wanted.set(`c${id}`, `p${name}`);
            cache.addContainer(ref(`c${id}`, `p${name}`));
          } else if (kind === "remove") {
            wanted.delete(`c${id}`);
            cache.removeContainer(`c${id}`);
          } else if (kind === "put") source.put(`p${name}`, { syscalls: [`s${id}`] });
          else if (kind === "delete") source.objects.delete(`shop/p${name}`);
          else if (kind === "fail") source.failure = source.failure === undefined ? new Error("down") : undefined;
          else if (kind === "hold") source.isHeld = !source.isHeld;
          else if (kind === "answer") for (const call of source.open) call.resolve(source.objects.get(call.key));
          else await clock.advance(id * 1_000);
          // One for everything that is due later, one for the budget of each call.
          expect(clock.pendingTimers).toBeLessThanOrEqual(1 + 4);
        }
        source.isHeld = false;
        source.failure = undefined;
        for (const call of source.open) call.reject(new Error("late"));
        await clock.advance(2 * TICK_MS);
        for (let index = 0; index <= 5; index += 1) {
          const name = wanted.get(`c${index}`);
          const stored = name === undefined ? undefined : source.objects.get(`shop/${name}`);
          expect(cache.get(`c${index}`)?.checksum).toEqual(stored && checksum(stored as ContainerProfile));
        }
        expect(cache.size).toBe(wanted.size);
        expect([...wanted.keys()].every((containerId) => cache.isKnown(containerId))).toBe(true);
        await cache.waitUntilKnown({ signal: AbortSignal.timeout(1_000) });
        const held = new Set([...cache.containers()].flatMap((view) => view.profile?.checksum ?? []));
        expect(metrics.read("profiles", "distinct")).toBe(held.size);
        await stop();
        expect(clock.pendingTimers).toBe(0);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
