/**
 * What profiles and containers keep of the heap:
 * `node --expose-gc --conditions=@kinglet/source packages/profile-cache/bench/memory/retained.ts`
 *
 * Every profile is decoded from JSON text of its own and goes through a real `ProfileCache`. Two sizes of profile; 200 distinct
 * profiles; 100, 1,000 and 10,000 containers that share them, and for comparison 1,000 containers whose store hands out 1,000 names with
 * the content of the 200, with and without keeping equal contents once (without: as 1,000 contents would cost).
 */
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { parseContainerProfile } from "@kinglet/profile";

import { ProfileCache, type ProfileSource } from "../../src/index.ts";
import { large, profileText, small, type ProfileSize } from "../../test/realistic-profile.ts";

const MAX_BYTES_PER_CONTAINER = 500;
const MAX_BYTES_PER_SMALL_PROFILE = 35_000;

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  for (let round = 0; round < 4; round += 1) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Plan {
  readonly size: ProfileSize;
  readonly containers: number;
  readonly names: number;
  readonly contents: number;
}

/** Bytes kept by a cache with this content, once everything is fetched. */
async function retainedBytes(plan: Plan): Promise<number> {
  const texts = Array.from({ length: plan.contents }, (_, seed) => profileText("NAME", seed, plan.size));
  let fetched = 0;
  const source: ProfileSource = {
    getContainerProfile: async (_namespace, name) => {
      fetched += 1;
      const text = texts[Number(name.slice(name.lastIndexOf("-") + 1)) % plan.contents] as string;
      return parseContainerProfile(JSON.parse(text.replace("NAME", name)) as unknown);
    },
  };
  const controller = new AbortController();
  const before = heapBytes();
  const cache = new ProfileCache({
    source,
    clock: systemClock,
    logger: noopLogger,
    metrics: noopMetrics,
    maxEntries: plan.containers,
  });
  const running = cache.run({ signal: controller.signal });
  for (let index = 0; index < plan.containers; index += 1) {
    // Strings as they come out of JSON: flat, and nobody else's.
    const ref = `{"containerId":"${index.toString(16).padStart(64, "0")}","namespace":"shop","profileName":"replicaset-app-${index % plan.names}","podName":"app-77b4fdf86c-${index}","containerName":"app"}`;
    cache.addContainer(JSON.parse(ref) as Parameters<ProfileCache["addContainer"]>[0]);
  }
  while (fetched < plan.names) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  for (const view of cache.containers()) {
    if (view.state !== "active" || view.profile?.content.counts()["execs"] !== plan.size.execs)
      throw new Error(`${view.ref.containerId} is ${view.state}`);
  }
  const bytes = heapBytes() - before;
  controller.abort();
  await running;
  // Keeps the cache alive up to here.
  if (cache.size !== plan.containers) throw new Error("the cache lost containers");
  return bytes;
}

function print(what: string, value: number, unit: string, limit?: number): void {
  const ratio = limit === undefined ? "" : `  ${(value / limit).toFixed(2)} × the limit of ${limit}`;
  console.log(`${what.padEnd(62)} ${value.toFixed(0).padStart(9)} ${unit}${ratio}`);
}

await retainedBytes({ size: small, containers: 10, names: 10, contents: 10 });
const distinctSmall = await retainedBytes({ size: small, containers: 200, names: 200, contents: 200 });
print("profile of 500 opens, 50 execs, 120 syscalls, 50 egress", distinctSmall / 200, "B", MAX_BYTES_PER_SMALL_PROFILE);
const distinct = await retainedBytes({ size: large, containers: 200, names: 200, contents: 200 });
print("profile of 2,000 opens, 200 execs, 120 syscalls, 60 endpoints", distinct / 200, "B");
print("200 of them", distinct / 1024, "KB");
const hundred = await retainedBytes({ size: large, containers: 100, names: 100, contents: 100 });
print("100 containers, a profile each", hundred / 100, "B a container, profiles included");
const thousand = await retainedBytes({ size: large, containers: 1_000, names: 200, contents: 200 });
print("1,000 containers sharing 200 profiles", thousand / 1_000, "B a container, profiles included");
const shared = await retainedBytes({ size: large, containers: 10_000, names: 200, contents: 200 });
print("10,000 containers sharing 200 profiles", shared / 10_000, "B a container, profiles included");
print("  each container beyond the profiles", (shared - distinct) / 9_800, "B", MAX_BYTES_PER_CONTAINER);
const copies = await retainedBytes({ size: large, containers: 1_000, names: 1_000, contents: 200 });
print("1,000 names with 200 contents", copies / 1024, "KB");
print("  without interning they would keep", (distinct * 5) / 1024, "KB");
print("  each name beyond the contents", (copies - distinct) / 800, "B");
