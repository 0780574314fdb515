import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { event, object } from "../test/fake-api.ts";
import { fault, startInformer } from "../test/informer-fixture.ts";
import { checkConsistency, pods } from "./index.ts";

describe("checkConsistency", () => {
  it("compares the store with the server's list at the store's version [client C2]", async () => {
    const same = { items: [object("a", "7"), object("b", "2")], resourceVersion: "7" };
    const other = { items: [object("a", "6"), object("b", "2", "other"), object("d", "3")], resourceVersion: "7" };
    const first = { items: [object("a", "1"), object("b", "2"), object("c", "3")], resourceVersion: "5" };
    const { api, informer, stop } = await startInformer(
      [first, same, other],
      [{ events: [event("DELETED", "c", "6"), event("MODIFIED", "a", "7")] }],
    );
    const metrics = createMetrics();
    expect(await checkConsistency(api, pods, informer, { namespace: "shop", metrics })).toEqual({
      state: "consistent",
      resourceVersion: "7",
      objects: 2,
      mismatchCount: 0,
      mismatches: [],
    });
    expect(api.calls.at(-1)?.options).toMatchObject({
      namespace: "shop",
      metadataOnly: true,
      resourceVersion: "7",
      resourceVersionMatch: "Exact",
    });
    const report = await checkConsistency(api, pods, informer, { metrics });
    expect(report).toMatchObject({ state: "inconsistent", mismatchCount: 3 });
    expect(report.mismatches).toEqual([
      { key: "shop/a", held: "uid-a@7", served: "uid-a@6" },
      { key: "shop/b", held: "uid-b@2", served: "other@2" },
      { key: "shop/d", held: undefined, served: "uid-d@3" },
    ]);
    expect((await metrics.exposition()).text).toContain('kinglet_kube_informer_mismatches_total{resource="pods"} 3');
    await stop();
  });

  it("keeps at most 100 differences, and says when there is nothing to compare with [client C2]", async () => {
    const items = Array.from({ length: 250 }, (_value, index) => object(`p${index}`, String(index + 1)));
    const lists = [
      { items, resourceVersion: "300" },
      { items: [], resourceVersion: "300" },
      { fails: fault("GONE") },
      { fails: fault("FORBIDDEN") },
    ];
    const { api, informer, stop } = await startInformer(lists);
    const report = await checkConsistency(api, pods, informer);
    expect([report.mismatchCount, report.mismatches.length]).toEqual([250, 100]);
    expect(await checkConsistency(api, pods, informer)).toMatchObject({ state: "unknown" });
    await expect(checkConsistency(api, pods, informer)).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN",
    });
    await stop();
    const fresh = await startInformer([{ fails: fault("UNREACHABLE") }]);
    expect(await checkConsistency(fresh.api, pods, fresh.informer)).toMatchObject({ state: "unknown" });
    await fresh.stop();
  });
});
