import { readFileSync } from "node:fs";
import { getEventListeners } from "node:events";
import { createKubeClient } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { openSimCluster, type SimClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admissionDecoders } from "../../build/write-decoders.ts";
import { memoryLimit, noPrivileged } from "../../test/security-policy.ts";
import { followConfigMap } from "./config-map-source.ts";
import { PolicyStore } from "./policy-store.ts";

const patience = { timeout: 15_000 };

describe("followConfigMap", () => {
  let cluster: SimClusterFixture;
  beforeAll(async () => {
    cluster = await openSimCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  /** Follows a bundle of its own, with a clock that stands still: what happens is not owed to time. */
  function follow(namespace: string) {
    const clock = new ManualClock();
    const common = { clock, logger: noopLogger, metrics: noopMetrics };
    const { server, caPem, adminToken: token } = cluster;
    const client = createKubeClient({ server, caPem, token, origin: "test" });
    const store = new PolicyStore({ ...common, copyPath: undefined, onChange: () => {} });
    const ending = new AbortController();
    const { signal } = ending;
    const running = followConfigMap({ client, namespace, store, ...common }, { signal });
    const write = async (policies: readonly BundleObject[], damage = false): Promise<string> => {
      const { documents, sha256 } = await encodeBundle({ policies, rules: [] });
      const [document] = documents;
      const { name = "", data = {}, binaryData = {} } = document ?? {};
      const metadata = { name, namespace };
      const content = damage ? { "bundle.0": Buffer.from("half").toString("base64") } : binaryData;
      cluster.sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data, binaryData: content });
      return sha256;
    };
    const end = async (): Promise<void> => {
      ending.abort();
      await running;
      await client[Symbol.asyncDispose]();
    };
    return { store, signal, write, end };
  }

  it("reads at once what changes while it waits to read a broken bundle again", { timeout: 30_000 }, async () => {
    const { store, write, end } = follow("half-written");
    await write([noPrivileged], true);
    await expect.poll(() => store.problem, patience).toContain("BUNDLE_HASH");
    const sha256 = await write([noPrivileged]);
    await expect.poll(() => store.active?.sha256, patience).toBe(sha256);
    await end();
  });

  it("leaves nothing behind with each change", { timeout: 30_000 }, async () => {
    const { store, signal, write, end } = follow("many-changes");
    await expect.poll(async () => store.active?.sha256 === (await write([])), patience).toBe(true);
    const listeners = getEventListeners(signal, "abort").length;
    for (let round = 0; round < 20; round++) {
      const sha256 = await write(round % 2 === 0 ? [noPrivileged] : [memoryLimit]);
      await expect.poll(() => store.active?.sha256, patience).toBe(sha256);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(listeners);
    await end();
  });
});

describe("the decoders of what is read from the API", () => {
  it.each(Object.entries(admissionDecoders()))("%s is what build/write-decoders.ts writes", (file, text) => {
    expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")).toBe(text);
  });
});
