import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CountingMetrics, TICK_MS, ref } from "../test/cache-fixture.ts";
import { interleave, randomOf, type Worker } from "../test/scripted-scheduler.ts";
import { versionOf, VersionedStore } from "../test/versioned-store.ts";
import type { CachedProfile } from "./cached-profile.ts";
import { ProfileCache } from "./profile-cache.ts";

const IDS = 10;
/** No version is above it in these tests. */
const MOST_VERSIONS = 2_000;

/** The version that a held profile shows; it throws where marks of two versions, or none, are in it. */
function shownVersion(held: CachedProfile | undefined, latest: number): number | undefined {
  if (held === undefined) return undefined;
  for (let version = latest; version > 0; version -= 1) {
    const marks = [held.content.wasExecuted(`/bin/${version}`), held.content.wasOpened(`/etc/${version}`)];
    if (marks[0] !== marks[1]) throw new Error(`a mixture at version ${version}`);
    if (marks[0] === true) return version;
  }
  throw new Error("a version that nobody wrote");
}

function open(isWatched: boolean, seed: number) {
  const random = randomOf(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const store = new VersionedStore(isWatched);
  const clock = new ManualClock();
  const metrics = new CountingMetrics();
  const cache = new ProfileCache({
    source: store,
    clock,
    logger: noopLogger,
    metrics,
    maxEntries: IDS * 10,
    random,
    freezeProfiles: true,
  });
  const controller = new AbortController();
  const running = cache.run({ signal: controller.signal });
  let latest = 0;
  const put = (name: string): void => {
    store.put(name);
    latest += 1;
    if (latest > MOST_VERSIONS) throw new Error("more versions than looked for");
  };
  const between = async (): Promise<void> => {
    if (random() < 0.4) store.answerOne(random);
    for (let turns = pick(3); turns > 0; turns -= 1) await Promise.resolve();
    if (random() < 0.03) await clock.advance(pick(4) * 1_000);
  };
  /** Ends everything that is under way. With the watch, ticks ask again only for what failed. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 40 || store.open.size > 0; turn += 1) {
      store.answerAll();
      await clock.advance(TICK_MS / 8);
    }
  };
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  return { store, clock, metrics, cache, random, pick, put, between, settle, stop, latest: () => latest };
}

describe.each([false, true])("ProfileCache, its store watched: %j", (isWatched) => {
  it("survives 100 workers that add and remove 10 containers in any order of steps and answers [cache W5] [cache-test TestLockStressAddEvictInterleaved]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { store, clock, metrics, cache, random, pick, put, between, settle, stop, latest } = open(
          isWatched,
          seed,
        );
        const wanted = new Set<number>();
        for (let id = 0; id < IDS; id += 1) put(`p${id}`);
        const worker = function* (): Worker {
          for (let step = 0; step < 50; step += 1) {
            const id = pick(IDS);
            const luck = random();
            if (luck < 0.45) {
              wanted.add(id);
              cache.addContainer(ref(`c${id}`, `p${id}`));
            } else if (luck < 0.9) {
              wanted.delete(id);
              cache.removeContainer(`c${id}`);
            } else if (luck < 0.98) {
              put(`p${id}`);
              cache.profileWritten("shop", `p${id}`);
            } else store.delete(`p${id}`);
            const expected = wanted.has(id) ? ["pending", "active"] : ["grace", undefined];
            if (!expected.includes(cache.state(`c${id}`))) throw new Error(`c${id} is ${cache.state(`c${id}`)}`);
            yield;
          }
        };
        await interleave(Array.from({ length: 100 }, worker), random, between);
        await clock.advance(10_000);
        await settle();
        expect(cache.size).toBe(wanted.size);
        for (let id = 0; id < IDS; id += 1) {
          const expected = wanted.has(id) ? versionOf(store.objects.get(`p${id}`)) : undefined;
          expect([id, shownVersion(cache.get(`c${id}`), latest())]).toEqual([id, expected]);
        }
        const held = [...wanted].filter((id) => store.objects.has(`p${id}`)).length;
        expect([metrics.read("profiles", "distinct"), metrics.read("profiles", "wanted")]).toEqual([held, wanted.size]);
        expect(store.mostPerObject).toBeLessThanOrEqual(1);
        expect(clock.pendingTimers).toBe(wanted.size === 0 ? 0 : 1);
        await stop();
        expect(clock.pendingTimers).toBe(0);
      }),
      { seed: 1, numRuns: 8 },
    );
  });

  it("shows 50 readers whole versions that only grow while one writer writes, and changes none that is held [cache-test TestSharedPointerReadersDoNotCorruptCache]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { store, clock, cache, random, pick, put, between, settle, stop, latest } = open(isWatched, seed);
        for (const name of ["p0", "p1"]) put(name);
        for (let reader = 0; reader < 50; reader += 1) cache.addContainer(ref(`c${reader}`, `p${reader % 2}`));
        let reads = 0;
        const read = function* (reader: number): Worker {
          let newest = 0;
          for (let step = 0; step < 20; step += 1) {
            const held = cache.get(`c${reader}`);
            const version = shownVersion(held, latest());
            yield;
            // What was taken before others went on is the same after.
            if (shownVersion(held, latest()) !== version) throw new Error("a held profile changed");
            if (version === undefined) continue;
            if (version < newest) throw new Error(`version ${version} after ${newest}`);
            newest = version;
            reads += 1;
          }
        };
        const write = function* (): Worker {
          for (let step = 0; step < 200; step += 1) {
            const name = `p${pick(2)}`;
            const luck = random();
            if (luck < 0.05) store.delete(name);
            else if (luck < 0.6) put(name);
            else {
              // The container of its own goes and comes: the object is dropped and asked for anew, with a fetch under way.
              cache.removeContainer(`own-${name}`);
              cache.addContainer(ref(`own-${name}`, name));
            }
            if (random() < 0.5) cache.profileWritten("shop", name);
            yield;
          }
        };
        await interleave([...Array.from({ length: 50 }, (_, reader) => read(reader)), write()], random, between);
        await settle();
        for (let reader = 0; reader < 50; reader += 1) {
          const expected = versionOf(store.objects.get(`p${reader % 2}`));
          expect(shownVersion(cache.get(`c${reader}`), latest())).toBe(expected);
        }
        expect(reads).toBeGreaterThan(100);
        expect(store.mostPerObject).toBeLessThanOrEqual(1);
        await stop();
        expect(clock.pendingTimers).toBe(0);
      }),
      { seed: 1, numRuns: 8 },
    );
  });
});
