import { readFileSync, writeFileSync } from "node:fs";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { memoryLimit, noPrivileged, securityPolicy } from "../../test/security-policy.ts";
import { PolicyStore } from "./policy-store.ts";

function open(copyPath?: string): PolicyStore {
  return new PolicyStore({
    clock: new ManualClock(),
    logger: noopLogger,
    metrics: noopMetrics,
    copyPath,
    onChange: () => {},
  });
}

async function offer(
  store: PolicyStore,
  source: "api" | "folder" | "copy",
  policies: readonly BundleObject[],
): Promise<string> {
  const bundle = await encodeBundle({ policies, rules: [] });
  await store.offer(source, bundle, [bundle.bytes]);
  return bundle.sha256;
}

describe("PolicyStore", () => {
  it("is in force with the first good bundle, from wherever [admission A-6]", async () => {
    const store = open();
    expect(store.active).toBeUndefined();
    const sha256 = await offer(store, "folder", [noPrivileged]);
    expect([store.active?.sha256, store.active?.size, store.source]).toEqual([sha256, 1, "folder"]);
  });

  it("does not go back from what the API says to what a folder or the copy says", async () => {
    const store = open();
    const newest = await offer(store, "api", [noPrivileged, memoryLimit]);
    await offer(store, "folder", [noPrivileged]);
    await offer(store, "copy", []);
    expect(store.active?.sha256).toBe(newest);
    expect(store.problem).toBe("");
  });

  it("keeps the last good bundle and says why when a newer one is broken, until a good one comes", async () => {
    const store = open();
    const good = await offer(store, "api", [noPrivileged]);
    const bundle = await encodeBundle({ policies: [memoryLimit], rules: [] });
    await store.offer("api", bundle, [bundle.bytes.subarray(1)]);
    expect(store.active?.sha256).toBe(good);
    expect(store.problem).toContain("BUNDLE_HASH");
    await store.offer("api", bundle, [bundle.bytes]);
    expect([store.active?.sha256, store.problem]).toEqual([bundle.sha256, ""]);
  });

  it("leaves out a policy that cannot be read, names it, and uses the others", async () => {
    const store = open();
    await offer(store, "api", [
      noPrivileged,
      securityPolicy("broken", [{ fieldName: "No Such Field", values: ["x"] }]),
    ]);
    expect(store.active?.size).toBe(1);
    expect(store.problem).toContain("kinglet/broken");
  });

  it("keeps a copy of the bundle in force, which the next start takes; a damaged copy is no policies", async () => {
    await using folder = await openTempDir("kinglet-copy-");
    const path = folder.file("state/policies.bundle");
    const first = open(path);
    await first.loadCopy();
    const sha256 = await offer(first, "api", [noPrivileged]);
    const second = open(path);
    await second.loadCopy();
    expect([second.active?.sha256, second.source]).toEqual([sha256, "copy"]);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, -5));
    const third = open(path);
    await third.loadCopy();
    expect(third.active).toBeUndefined();
    expect(third.problem).not.toBe("");
  });

  it("does not read or compile again what did not change", async () => {
    const store = open();
    const many = Array.from({ length: 300 }, (_, at) =>
      securityPolicy(`p${at}`, [{ fieldName: "Privileged Container", values: ["true"] }]),
    );
    await offer(store, "api", many);
    const before = store.active?.groups ?? [];
    await offer(store, "api", [...many.slice(1), securityPolicy("p0", [{ fieldName: "Host PID", values: ["true"] }])]);
    const after = store.active?.groups ?? [];
    expect(before).toHaveLength(8);
    expect(after.filter((group, at) => group !== before[at])).toHaveLength(1);
    const policies = new Set(before.flatMap((group) => group.policies));
    expect(after.flatMap((group) => group.policies).filter((policy) => !policies.has(policy))).toHaveLength(1);
  });

  it("evaluates many policies in slices and sorts their verdicts by id", async () => {
    const store = open();
    await offer(
      store,
      "api",
      Array.from({ length: 300 }, (_, at) =>
        securityPolicy(`p${at}`, [{ fieldName: "Privileged Container", values: ["true"] }]),
      ),
    );
    const { readWorkload } = await import("@kinglet/policy-engine/security-policy");
    const pod = { kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    const workload = readWorkload(pod, { namespace: "shop" });
    if (workload === undefined) throw new Error("no workload");
    const verdicts = (await store.active?.evaluateDeploy({ workload })) ?? [];
    const ids = verdicts.map(({ policy }) => policy.id);
    expect(ids).toHaveLength(300);
    expect(ids).toEqual(ids.toSorted((left, right) => (left < right ? -1 : 1)));
  });
});
