import { Readable } from "node:stream";
import { createKubeClient, createTransport, type KubeClient, type KubeTransport } from "@kinglet/kube-client";
import { openKubeSim, type KubeObject, type KubeObjectInput, type KubeSim } from "@kinglet/kube-sim";
import { ManualClock } from "@kinglet/lifecycle";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { installCrds, openSimCluster, waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProfileWatchHandler } from "@kinglet/profile-cache";

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

function withSyscall(profile: ContainerProfile): ContainerProfile {
  return { ...profile, spec: { ...profile.spec, syscalls: ["read"] } };
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

  it("has nothing but the metadata come back of what it writes, and keeps what else the stored object says [store objects]", async () => {
    const sizes: number[] = [];
    const transport = createTransport({ server: sim.server, caPem: sim.caPem, token: sim.token, origin: "test" });
    const counting: KubeTransport = {
      send: async (request) => {
        const answer = await transport.send(request);
        const pieces: Buffer[] = [];
        for await (const piece of answer.body) pieces.push(piece);
        if (request.method !== "GET") sizes.push(Buffer.concat(pieces).length);
        return { ...answer, body: Readable.from(pieces) };
      },
      [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
    };
    await using client = createKubeClient(
      { server: sim.server, token: sim.token, origin: "test" },
      { transport: counting, retries: 0 },
    );
    const store = createKubernetesProfileStore(client);
    const execs = Array.from({ length: 1_000 }, (_, at) => ({ path: `/bin/${String(at)}`, args: ["a", "b"] }));
    const large = parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec: { execs } });
    const made = await store.update("shop", "web", () => large, { signal });
    const resource = "containerprofiles.spdx.softwarecomposition.kubescape.io";
    const inStore = (): KubeObject | undefined => sim.list(resource).find(({ metadata }) => metadata.name === "web");
    const stored = inStore();
    sim.apply({
      ...stored,
      metadata: { ...stored?.metadata, finalizers: ["example.com/keep"] },
      spec: { ...(stored?.["spec"] as object), ofTomorrow: { a: [1] } },
    } as KubeObjectInput);
    const grown = await store.update("shop", "web", (current) => withSyscall(current ?? large), { signal });
    expect([made.outcome, grown.outcome]).toEqual(["written", "written"]);
    expect(await store.getContainerProfile("shop", "web", { signal })).toEqual(grown.stored);
    expect(inStore()).toMatchObject({
      metadata: { finalizers: ["example.com/keep"] },
      spec: { ofTomorrow: { a: [1] }, syscalls: ["read"] },
    });
    expect(sizes).toHaveLength(2);
    for (const bytes of sizes) expect(bytes).toBeLessThan(1_500);
  });

  it("asks for one object per fetch and for metadata in pages [store list]", async () => {
    const store = createKubernetesProfileStore(client);
    await store.put(profileOf("/bin/sh"), { signal });
    sim.clearJournal();
    await store.getContainerProfile("shop", "web", { signal });
    await store.list("shop", { signal });
    const paths = sim.journal().map((entry) => `${entry.method} ${entry.path}`);
    const base = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces/shop/containerprofiles";
    expect(paths).toEqual([`GET ${base}/web`, `GET ${base}`]);
  });

  it("is unavailable, not empty, while the kind is not served [cache W1] [node-agent TestStorageError_NoEntry]", async () => {
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

  it("translates what the server refuses [store errors] [node-agent TestRefreshPreservesEntryOnTransientOverlayError]", async () => {
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

  it("is unavailable when the connection breaks [node-agent TestStorageError_NoEntry]", async () => {
    const store = createKubernetesProfileStore(client);
    sim.faults.add({ action: { kind: "cut", afterBytes: 0 } });
    await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
  });

  it("gives up a call after its budget, and at once when its signal fires [store budget] [node-agent TestRefreshHonorsContextCancellationMidRPC]", async () => {
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

  it("refuses a stored object that is no profile, naming what is wrong [store objects]", async () => {
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

  it("has no authored kinds where only the learned one is defined, and asks again after a minute [store served]", async () => {
    const clock = new ManualClock();
    const store = createKubernetesProfileStore(client, { clock });
    sim.clearJournal();
    for (let round = 0; round < 3; round++) {
      expect(await store.getApplicationProfile("shop", "web", { signal })).toBeUndefined();
      expect(await store.getNetworkNeighborhood("shop", "web", { signal })).toBeUndefined();
    }
    const paths = sim.journal().map((entry) => entry.path);
    const group = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1";
    expect(paths).toEqual([`${group}/namespaces/shop/applicationprofiles/web`, group]);
    sim.apply(definition("ApplicationProfile"));
    sim.apply({
      apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
      kind: "ApplicationProfile",
      metadata: { name: "web", namespace: "shop" },
      spec: {},
    });
    expect(await store.getApplicationProfile("shop", "web", { signal })).toBeUndefined();
    await clock.advance(60_000);
    expect((await store.getApplicationProfile("shop", "web", { signal }))?.metadata.name).toBe("web");
    await clock.advance(60_000);
    // Seen once, so its absence is a fault of the server.
    expect(await store.getNetworkNeighborhood("shop", "web", { signal })).toBeUndefined();
    sim.remove(
      "customresourcedefinitions.apiextensions.k8s.io",
      "",
      "applicationprofiles.spdx.softwarecomposition.kubescape.io",
    );
    await clock.advance(60_000);
    await expect(store.getApplicationProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
  });

  it("tells a missing object from a missing kind as an aggregated API words it [store served] [cache W1] [node-agent TestRefresh_LearnedCP_NotFoundEvictsVsTransientKeeps]", async () => {
    const say = (message: string): void => {
      sim.faults.clear();
      const match = { resource: "containerprofiles" };
      sim.faults.add({ match, action: { kind: "status", code: 404, reason: "NotFound", message } });
    };
    const store = createKubernetesProfileStore(client);
    say('containerprofiles.spdx.softwarecomposition.kubescape.io "web" not found');
    expect(await store.getContainerProfile("shop", "web", { signal })).toBeUndefined();
    say("the server could not find the requested resource");
    await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
    await expect(store.delete("shop", "web", { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
  });

  it("refuses an answer about another object [store objects]", async () => {
    const answer = (metadata: object): KubeClient => ({
      ...answeringClient,
      get: async <T>() => ({ metadata, spec: {} }) as T,
    });
    for (const metadata of [
      { name: "db", namespace: "shop" },
      { name: "web", namespace: "bank" },
    ]) {
      const store = createKubernetesProfileStore(answer(metadata));
      await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_STORAGE_CLIENT_INVALID",
      });
      await expect(store.getApplicationProfile("shop", "web", { signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_STORAGE_CLIENT_INVALID",
      });
    }
  });

  it("ends a list that does not end, and one of endless texts", async () => {
    const endless = (metadata: object): KubeClient => ({
      ...answeringClient,
      listEach: async (_: unknown, { onItem }: { onItem: (object: never) => void }) => {
        for (;;) onItem({ metadata } as never);
      },
    });
    const tooLarge = { code: "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE" };
    const many = createKubernetesProfileStore(endless({ name: "web", namespace: "shop" }));
    await expect(many.list("shop", { signal })).rejects.toMatchObject(tooLarge);
    const annotations = { a: "x".repeat(1_000_000) };
    const long = createKubernetesProfileStore(endless({ name: "web", namespace: "shop", annotations }));
    await expect(long.list("shop", { signal })).rejects.toMatchObject(tooLarge);
  });

  it("is in sync without the kinds that are not served, and out of it while it may not watch [store watch]", async () => {
    const states: string[] = [];
    const stop = new AbortController();
    const handler: ProfileWatchHandler = {
      changed: ({ type, name }) => states.push(`${type} ${name}`),
      synced: () => states.push("synced"),
      lost: () => states.push("lost"),
    };
    const bare = await openSim();
    const bareClient = connect(bare);
    const clock = new ManualClock();
    const store = createKubernetesProfileStore(bareClient, { clock, random: () => 0 });
    const watching = store.watchMetadata(handler, { signal: stop.signal });
    await waitFor(() => states.length === 1, { describe: "synced" });
    expect(states).toEqual(["synced"]);
    const match = { resource: "containerprofiles" };
    bare.faults.add({ match, action: { kind: "status", code: 403, reason: "Forbidden" } });
    await bare.restart();
    await waitFor(() => states.length === 2, { describe: "lost" });
    bare.faults.clear();
    // The first sign of life on the new stream: a change, or a bookmark within a minute.
    await store.put(profileOf("/bin/sh"), { signal });
    await waitFor(() => clock.advance(10_000).then(() => states.length === 4), { describe: "synced again" });
    expect(states).toEqual(["synced", "lost", "added web", "synced"]);
    stop.abort();
    await watching;
    await bareClient[Symbol.asyncDispose]();
    await bare.stop();
  });
});

const unused = (): never => {
  throw new Error("not part of the test");
};

/** A server that answers one call in one way, whatever real ones would do. */
const answeringClient: KubeClient = {
  server: "https://127.0.0.1",
  namespace: undefined,
  get: unused,
  list: unused,
  listEach: unused,
  watch: unused,
  create: unused,
  replace: unused,
  patch: unused,
  delete: unused,
  request: unused,
  [Symbol.asyncDispose]: async () => {},
};
