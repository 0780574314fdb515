import { createKubeClient, type KubeClient } from "@kinglet/kube-client";
import { openKubeSim, type KubeObjectInput, type KubeSim } from "@kinglet/kube-sim";
import { ManualClock } from "@kinglet/lifecycle";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { installCrds, openSimCluster, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { describeProfileStore } from "../test/describe-profile-store.ts";
import { openClusterStore } from "../test/open-cluster-store.ts";
import { createKubernetesProfileStore } from "./create-kubernetes-profile-store.ts";

const { signal } = new AbortController();

function connect(sim: KubeSim): KubeClient {
  return createKubeClient({ server: sim.server, caPem: sim.caPem, token: sim.token, origin: "test" }, { retries: 0 });
}

/** A definition of one kind and nothing more, as somebody may have installed it. */
function definition(kind: string): KubeObjectInput {
  const group = "spdx.softwarecomposition.kubescape.io";
  const plural = `${kind.toLowerCase()}s`;
  const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: "v1beta1", served: true, storage: true, schema }],
    },
  };
}

async function openSim(): Promise<KubeSim> {
  const sim = await openKubeSim({ tls: false });
  sim.apply(definition("ContainerProfile"));
  sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  return sim;
}

function profileOf(path: string, resourceVersion?: string): ContainerProfile {
  const metadata = { name: "web", namespace: "shop", resourceVersion };
  return parseContainerProfile({ metadata, spec: { execs: [{ path }] } });
}

describe("on the simulator", () => {
  let cluster: ClusterFixture;

  beforeAll(async () => {
    cluster = await openSimCluster();
    await installCrds(cluster);
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  describeProfileStore("createKubernetesProfileStore", () => openClusterStore(cluster));
});

describe("createKubernetesProfileStore", () => {
  let sim: KubeSim;
  let client: KubeClient;

  beforeAll(async () => {
    sim = await openSim();
    client = connect(sim);
  });

  afterEach(() => {
    sim.faults.clear();
    sim.remove("containerprofiles.spdx.softwarecomposition.kubescape.io", "shop", "web");
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await sim.stop();
  });

  it("asks for one object per fetch and for metadata in pages", async () => {
    const store = createKubernetesProfileStore(client);
    await store.put(profileOf("/bin/sh"), { signal });
    sim.clearJournal();
    await store.getContainerProfile("shop", "web", { signal });
    await store.list("shop", { signal });
    const paths = sim.journal().map((entry) => `${entry.method} ${entry.path}`);
    const base = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces/shop/containerprofiles";
    expect(paths).toEqual([`GET ${base}/web`, `GET ${base}`]);
  });

  it("is unavailable, not empty, while the kind is not served", async () => {
    const bare = await openKubeSim({ tls: false });
    const bareClient = connect(bare);
    try {
      const store = createKubernetesProfileStore(bareClient);
      const unavailable = { code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE", retryable: true };
      await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject(unavailable);
      await expect(store.delete("shop", "web", { signal })).rejects.toMatchObject(unavailable);
    } finally {
      await bareClient[Symbol.asyncDispose]();
      await bare.stop();
    }
  });

  it("translates what the server refuses", async () => {
    const store = createKubernetesProfileStore(client);
    for (const [status, reason, code] of [
      [401, "Unauthorized", "UNAVAILABLE"],
      [403, "Forbidden", "UNAVAILABLE"],
      [410, "Gone", "UNAVAILABLE"],
      [413, "RequestEntityTooLarge", "TOO_LARGE"],
      [422, "Invalid", "INVALID"],
      [429, "TooManyRequests", "UNAVAILABLE"],
      [500, "InternalError", "UNAVAILABLE"],
      [503, "ServiceUnavailable", "UNAVAILABLE"],
    ] as const) {
      sim.faults.add({ match: { resource: "containerprofiles" }, action: { kind: "status", code: status, reason } });
      await expect(store.put(profileOf("/bin/sh"), { signal })).rejects.toMatchObject({
        code: `KINGLET_ERR_STORAGE_CLIENT_${code}`,
      });
      sim.faults.clear();
    }
    sim.faults.add({ action: { kind: "status", code: 500, message: "etcdserver: request is too large" } });
    await expect(store.put(profileOf("/bin/sh"), { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE",
    });
  });

  it("is unavailable when the connection breaks", async () => {
    const store = createKubernetesProfileStore(client);
    sim.faults.add({ action: { kind: "cut", afterBytes: 0 } });
    await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
  });

  it("gives up a call after its budget, and at once when its signal fires", async () => {
    const clock = new ManualClock();
    const store = createKubernetesProfileStore(client, { clock });
    sim.faults.add({ action: { kind: "hang" } });
    const outcome = expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
      message: expect.stringContaining("no answer within 5000 ms"),
    });
    await clock.advance(5_000);
    await outcome;
    const controller = new AbortController();
    const reason = new Error("stop");
    const aborted = expect(store.getContainerProfile("shop", "web", controller)).rejects.toBe(reason);
    controller.abort(reason);
    await aborted;
    expect(clock.pendingTimers).toBe(0);
  });

  it("refuses a stored object that is no profile, naming what is wrong", async () => {
    sim.apply({
      apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
      kind: "ContainerProfile",
      metadata: { name: "web", namespace: "shop" },
      spec: { execs: [{ path: 7 }] },
    });
    const store = createKubernetesProfileStore(client);
    await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_INVALID",
      message: expect.stringContaining("spec.execs[0].path: expected text, got 7"),
    });
    expect(await store.list("shop", { signal })).toMatchObject([{ name: "web" }]);
  });
});
