import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FakeSource, TICK_MS, labelled, ref, start } from "../test/cache-fixture.ts";
import { WatchedSource } from "../test/fake-watch.ts";
import { expectedChecksum } from "../test/oracle.ts";
import type { ContainerRef } from "./container-ref.ts";

/** Numbers below 1 that depend on the seed alone (xorshift). */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** What a store in trouble answers, by status code; 0: nothing at all. */
const troubles = [404, 409, 410, 429, 500, 503, 0];

class FaultySource extends FakeSource {
  chance = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    super();
    this.#random = random;
  }

  override getContainerProfile(...call: Parameters<FakeSource["getContainerProfile"]>) {
    return this.#trouble() ?? super.getContainerProfile(...call);
  }
  override getApplicationProfile(...call: Parameters<FakeSource["getApplicationProfile"]>) {
    return this.#trouble() ?? super.getApplicationProfile(...call);
  }
  override getNetworkNeighborhood(...call: Parameters<FakeSource["getNetworkNeighborhood"]>) {
    return this.#trouble() ?? super.getNetworkNeighborhood(...call);
  }

  #trouble(): Promise<undefined> | undefined {
    if (this.#random() >= this.chance) return undefined;
    const status = troubles[Math.floor(this.#random() * troubles.length)] ?? 500;
    if (status === 404) return Promise.resolve(undefined);
    return status === 0 ? new Promise(() => {}) : Promise.reject(new Error(`status ${status}`));
  }
}

describe("ProfileCache", () => {
  it("survives 100 workers that add and remove 10 containers in any order of answers [cache W5]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const random = randomOf(seed);
        const pick = (count: number): number => Math.floor(random() * count);
        const { cache, source, clock, metrics, stop } = start({ maxEntries: 10 });
        for (let index = 0; index < 10; index += 1) source.put(`p${index}`, { syscalls: [`s${index}`] });
        source.isHeld = true;
        const left = Array.from({ length: 100 }, () => 50);
        const wanted = new Set<number>();
        for (let step = 0; step < 100 * 50; step += 1) {
          let worker = pick(100);
          while ((left[worker] ?? 0) === 0) worker = (worker + 1) % 100;
          left[worker] = (left[worker] ?? 0) - 1;
          const id = pick(10);
          if (random() < 0.5) {
            wanted.add(id);
            cache.addContainer(ref(`c${id}`, `p${id}`));
          } else {
            wanted.delete(id);
            cache.removeContainer(`c${id}`);
          }
          // Answers come when they like, and some when nobody asks any more.
          const open = [...source.open];
          const call = open[pick(open.length)];
          if (call !== undefined && random() < 0.3) call.resolve(source.objects.get(call.key));
          if (random() < 0.02) await clock.advance(pick(3) * 1_000);
        }
        source.isHeld = false;
        for (const call of source.open) call.resolve(source.objects.get(call.key));
        await clock.advance(2 * TICK_MS);
        expect(cache.size).toBe(wanted.size);
        for (let id = 0; id < 10; id += 1) {
          expect(cache.get(`c${id}`)?.content.usesSyscall(`s${id}`)).toBe(wanted.has(id) ? true : undefined);
        }
        expect(metrics.read("profiles", "distinct")).toBe(wanted.size);
        expect(clock.pendingTimers).toBe(wanted.size === 0 ? 0 : 1);
        await stop();
        expect(clock.pendingTimers).toBe(0);
      }),
      { seed: 1, numRuns: 10 },
    );
  });

  it("shows 50 readers one version or the other, never a mixture, and lets none of them write", async () => {
    const one = {
      execs: [{ path: "/bin/sh", args: ["a", "b", "c"] }],
      opens: [{ path: "/etc/passwd" }],
      capabilities: ["SYS_PTRACE", "CHOWN"],
    };
    const two = { execs: [{ path: "/bin/bash" }], opens: [{ path: "/etc/shadow" }], capabilities: ["CAP_CHOWN"] };
    const random = randomOf(7);
    const { cache, source, clock } = start({ tickIntervalMs: 1_000 });
    source.put("web", one);
    for (let reader = 0; reader < 50; reader += 1) cache.addContainer(ref(`c${reader}`, "web"));
    await clock.advance(0);
    let seen = 0;
    for (let round = 0; round < 200; round += 1) {
      source.put("web", round % 2 === 0 ? two : one);
      const advanced = clock.advance(1_000);
      for (let reader = 0; reader < 50; reader += 1) {
        if (random() < 0.3) await Promise.resolve();
        const held = cache.get(`c${reader}`);
        const isOne = held?.content.wasExecuted("/bin/sh") ?? false;
        expect([held?.content.wasOpened("/etc/passwd"), held?.content.usesCapability("CHOWN")]).toEqual([isOne, isOne]);
        expect([held?.content.wasExecuted("/bin/bash"), held?.content.wasOpened("/etc/shadow")]).toEqual([
          !isOne,
          !isOne,
        ]);
        expect(Object.isFrozen(held?.content)).toBe(true);
        seen += 1;
      }
      await advanced;
    }
    expect(seen).toBe(50 * 200);
  });

  it.each([false, true])(
    "is what the store says for 1,000 containers once a store that failed at random has recovered (watched: %j)",
    async (isWatched) => {
      const random = randomOf(42);
      const pick = (count: number): number => Math.floor(random() * count);
      const faulty = new FaultySource(random);
      const watched = isWatched ? new WatchedSource() : undefined;
      if (watched !== undefined) {
        Object.assign(faulty, {
          watchMetadata: (handler: Parameters<WatchedSource["watchMetadata"]>[0]) => watched.watchMetadata(handler),
        });
      }
      const { cache, clock, metrics, lines, stop } = start({
        source: faulty,
        maxEntries: 1_000,
        freezeProfiles: false,
        random,
      });
      const refs: ContainerRef[] = [];
      for (let index = 0; index < 1_000; index += 1) {
        const name = index % 200;
        const more = {
          profileName: `p${name}`,
          workloadName: `w${name % 50}`,
          containerName: index % 3 === 0 ? "web" : "side",
        };
        refs.push(labelled(`c${index}`, name % 10 === 0 ? `l${name % 20}` : undefined, more));
      }
      const change = (): void => {
        const spec = { syscalls: [`s${pick(40)}`, `s${pick(40)}`] };
        const kind = pick(8);
        if (kind < 3) faulty.put(`p${pick(200)}`, spec, ["completed", "completed", "too-large"][pick(3)]);
        else if (kind === 3) faulty.putAp(`ug-w${pick(50)}`, { web: spec, side: {} });
        else if (kind === 4)
          faulty.putNn(`l${pick(20)}`, { web: { egress: [{ identifier: "e", ipAddress: `10.0.0.${pick(9)}` }] } });
        else if (kind === 5) faulty.author(`l${pick(20)}${["", "-web"][pick(2)] ?? ""}`, spec);
        else {
          const keys = [...faulty.objects.keys()];
          const key = keys[pick(keys.length)];
          if (key !== undefined) faulty.objects.delete(key);
        }
      };
      for (let index = 0; index < 400; index += 1) change();
      faulty.chance = 0.4;
      for (const one of refs) cache.addContainer(one);
      for (let round = 0; round < 12; round += 1) {
        await clock.advance(pick(4) * 10_000);
        for (let index = 0; index < 30; index += 1) change();
        watched?.handler?.lost("reset");
        const gone = refs[pick(refs.length)];
        if (gone === undefined) continue;
        cache.removeContainer(gone.containerId);
        if (random() < 0.5) cache.addContainer(gone);
        else refs.splice(refs.indexOf(gone), 1);
      }
      faulty.chance = 0;
      await clock.advance(3 * TICK_MS);
      watched?.handler?.synced();
      await clock.advance(TICK_MS);
      expect(cache.size).toBe(refs.length);
      const wrong = refs.filter(
        (one) => cache.get(one.containerId)?.checksum !== expectedChecksum(faulty.objects, one),
      );
      expect(wrong.map(({ containerId }) => containerId)).toEqual([]);
      expect(refs.filter((one) => cache.get(one.containerId) !== undefined).length).toBeGreaterThan(300);
      expect(metrics.read("profiles", "stale")).toBe(0);
      expect(lines.length).toBeLessThan(400);
      await stop();
      expect(clock.pendingTimers).toBe(0);
    },
    30_000,
  );
});
