import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, ref, start, type Bench } from "../test/cache-fixture.ts";

/** A cache in which everything that is counted happened. */
async function busy(originalMetricNames: boolean): Promise<Bench> {
  let ended = false;
  const bench = start({
    originalMetricNames,
    maxEntries: 3,
    podContainers: () => ({ containers: ["web", "side"], initContainers: [], ephemeralContainers: [] }),
    liveness: ({ containerId }) => (ended && containerId === "c1" ? "ended" : "running"),
  });
  const { cache, source, clock } = bench;
  cache.get("early");
  source.put("web", { syscalls: ["read"] });
  source.putAp("ug-deploy-web", { web: {} });
  source.putNn("ug-deploy-web", { web: {}, side: {} });
  cache.addContainer(labelled("c1"));
  await clock.advance(0);
  source.author("mine", {});
  cache.addContainer(labelled("c2", "mine"));
  cache.addContainer(labelled("c3", "nothing"));
  cache.addContainer(ref("c4", "web"));
  await clock.advance(0);
  cache.get("c1");
  ended = true;
  await clock.advance(2 * TICK_MS);
  bench.metrics.read("x");
  return bench;
}

const namesOf = ({ metrics }: Bench): string[] =>
  [...new Set([...metrics.values.keys()].map((key) => key.replace(/\{.*/, "")))].toSorted();

describe("docs/metrics.md", () => {
  it("lists what a cache counts, under both names", async () => {
    const text = await readFile(`${import.meta.dirname}/../docs/metrics.md`, "utf8");
    const rows = [...text.matchAll(/^\| (`[^|]*) \| ([^|]*) \|/gm)];
    const named = (cell: string): string[] => [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = ""]) => name);
    const own = rows.flatMap(([, cell = ""]) => named(cell));
    const original = rows.flatMap(([, , cell = ""]) => named(cell));
    expect(namesOf(await busy(false))).toEqual(own.toSorted());
    expect(namesOf(await busy(true))).toEqual([...own, ...original].toSorted());
  });
});

describe("ProfileCache", () => {
  it("offers the original metric names where it is told to", async () => {
    const { metrics } = await busy(true);
    const original = Object.fromEntries([...metrics.values].filter(([name]) => !name.startsWith("kinglet_")));
    expect(original).toEqual({
      "node_agent_containerprofile_cache_entries{container}": 2,
      "node_agent_containerprofile_cache_entries{pending}": 0,
      "node_agent_containerprofile_cache_entries{total}": 2,
      "node_agent_containerprofile_cache_hit_total{hit}": 1,
      "node_agent_containerprofile_cache_hit_total{miss}": 1,
      "node_agent_containerprofile_reconciler_evictions_total{pod_stopped}": 1,
      "node_agent_containerprofile_reconciler_duration_seconds{evict}": 2,
      "node_agent_containerprofile_reconciler_duration_seconds{refresh}": 2,
      "node_agent_user_profile_legacy_loads_total{application,partial}": 1,
      "node_agent_user_profile_legacy_loads_total{network,full}": 1,
      "container_profile_user_defined_adopted_total{shop}": 1,
      "container_profile_user_defined_unresolved_total{shop}": 1,
    });
    expect(metrics.read("reconcile_duration_seconds", "evict")).toBe(2);
    expect(metrics.read("reconcile_duration_seconds", "refresh")).toBe(2);
    expect(metrics.read("refused_total")).toBe(1);
  });
});
