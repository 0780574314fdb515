import { describe, expect, it } from "vitest";

import { FakeSource, TICK_MS, labelled, start } from "../test/cache-fixture.ts";
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
