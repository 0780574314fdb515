import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, start } from "../test/cache-fixture.ts";
import { WatchedSource } from "../test/fake-watch.ts";
import { faults, FaultySource } from "../test/faulty-source.ts";
import { expectedContainer, type ExpectedContainer } from "../test/oracle.ts";
import { randomOf } from "../test/scripted-scheduler.ts";
import type { ContainerRef } from "./container-ref.ts";
import type { CachedContainer } from "./profile-cache.ts";

/** One container as the oracle speaks of it. */
function shown({ state, reason, isStale, profile }: CachedContainer): ExpectedContainer {
  const { name, status, completion, origin, checksum } = profile ?? {};
  return { state, reason, isStale, name, status, completion, origin, checksum } as ExpectedContainer;
}

const runs = [1, 42, 4_711].flatMap((seed) => [false, true].map((isWatched) => [seed, isWatched] as const));

describe("ProfileCache", () => {
  it.each(runs)(
    "is what the store says for 1,000 containers once a store that failed at random has recovered (seed %i, watched: %j)",
    async (seed, isWatched) => {
      const random = randomOf(seed);
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
        refs.push(labelled(`c${index}`, name % 4 === 0 ? `l${name % 40}` : undefined, more));
      }
      let uids = 0;
      const change = (): void => {
        const spec = { syscalls: [`s${pick(40)}`, `s${pick(40)}`] };
        const kind = pick(9);
        if (kind < 3) faulty.put(`p${pick(200)}`, spec, ["completed", "too-large"][pick(2)]);
        else if (kind === 3) faulty.putAp(`ug-w${pick(50)}`, { web: spec, side: {} });
        else if (kind === 4)
          faulty.putNn(`l${pick(20)}`, { web: { egress: [{ identifier: "e", ipAddress: `10.0.0.${pick(9)}` }] } });
        else if (kind === 5) faulty.author(`l${pick(20)}${["", "-web"][pick(2)] ?? ""}`, spec);
        else if (kind === 6) {
          // Learned anew under the name: what the one before allowed does not count.
          uids += 1;
          faulty.put(`p${pick(200)}`, spec, ["ready", "failed", "incomplete", ""][pick(4)], `uid-${uids}`);
        } else {
          const keys = [...faulty.objects.keys()];
          const key = keys[pick(keys.length)];
          if (key !== undefined) faulty.objects.delete(key);
        }
      };
      for (let index = 0; index < 500; index += 1) change();
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
      expect([...faulty.answered.keys()].toSorted()).toEqual([...faults].toSorted());
      faulty.chance = 0;
      await clock.advance(3 * TICK_MS);
      watched?.handler?.synced();
      await clock.advance(TICK_MS);
      const found = new Map([...cache.containers()].map((one) => [one.ref.containerId, shown(one)]));
      expect(found.size).toBe(refs.length);
      for (const one of refs) {
        expect([one.containerId, found.get(one.containerId)]).toEqual([
          one.containerId,
          expectedContainer(faulty.objects, one),
        ]);
      }
      const states = Map.groupBy(found.values(), ({ state }) => state);
      for (const state of ["pending", "active", "unbound"] as const) expect(states.has(state)).toBe(true);
      expect(metrics.read("profiles", "stale")).toBe(0);
      expect(lines.length).toBeLessThan(400);
      for (const { ref } of cache.containers()) cache.removeContainer(ref.containerId);
      await clock.advance(10_000);
      expect([metrics.read("profiles", "distinct"), metrics.read("content_bytes"), clock.pendingTimers]).toEqual([
        0, 0, 0,
      ]);
      await stop();
    },
    30_000,
  );
});
