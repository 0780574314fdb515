import { openRealCluster, realClusterAvailability } from "@kinglet-tools/real-cluster";
import { createKubeClient } from "@kinglet/kube-client";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { apiCall, apiRequest, installCrds, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createKubernetesProfileStore } from "../src/index.ts";
import { describeProfileStore } from "./describe-profile-store.ts";
import { openClusterStore } from "./open-cluster-store.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const skipped = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";
const { signal } = new AbortController();

describe.skipIf(isSkipped)(`Profile store [requires real-cluster]${skipped}`, () => {
  let cluster: ClusterFixture;

  beforeAll(async () => {
    const opened = await openRealCluster();
    cluster = {
      kind: "real",
      server: opened.server,
      caPem: opened.caPem,
      kubeconfigPath: opened.kubeconfigPath,
      adminToken: opened.tokens.admin,
      canRestart: true,
      restart: () => opened.restartApiServer(),
      [Symbol.asyncDispose]: () => opened.stop(),
    };
  });

  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it("is unavailable while there are no definitions, and has no authored kinds while only the learned one is defined", async () => {
    const client = createKubeClient({
      server: cluster.server,
      caPem: cluster.caPem,
      token: cluster.adminToken,
      origin: "test",
    });
    await using _client = client;
    const store = createKubernetesProfileStore(client);
    const unavailable = { code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE" };
    await expect(store.getContainerProfile("default", "web", { signal })).rejects.toMatchObject(unavailable);
    await expect(store.getApplicationProfile("default", "web", { signal })).rejects.toMatchObject(unavailable);
    await installCrds(cluster);
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const group = "spdx.softwarecomposition.kubescape.io";
    const { body } = await apiRequest(cluster, "GET", `${definitions}/containerprofiles.${group}`);
    expect(body.status.conditions).not.toContainEqual(expect.objectContaining({ type: "NonStructuralSchema" }));
    expect(await store.getContainerProfile("default", "web", { signal })).toBeUndefined();
    await apiCall(cluster, "DELETE", `${definitions}/applicationprofiles.${group}`);
    const another = (): Promise<unknown> =>
      createKubernetesProfileStore(client).getApplicationProfile("default", "web", { signal });
    await expect.poll(() => another().catch(String), { timeout: 30_000 }).toBeUndefined();
    const status = async (): Promise<unknown> =>
      (await apiRequest(cluster, "GET", `/apis/${group}/v1beta1/namespaces/default/applicationprofiles/web`)).body
        .details?.name ?? "no such kind";
    await expect.poll(status, { timeout: 30_000 }).toBe("no such kind");
    expect(await another()).toBeUndefined();
    await installCrds(cluster);
    await expect.poll(() => another().catch(String), { timeout: 30_000 }).toBeUndefined();
  });

  describeProfileStore("createKubernetesProfileStore", () => openClusterStore(cluster));

  it("calls each of the server's limits too large [store errors]", async () => {
    await using opened = await openClusterStore(cluster);
    const [namespace] = opened.namespaces;
    const sized = (bytes: number, resourceVersion?: string): ContainerProfile =>
      parseContainerProfile({
        metadata: { name: "web", namespace, resourceVersion },
        spec: { opens: Array.from({ length: bytes / 1_000 }, (_, at) => ({ path: `/${at}${"x".repeat(950)}` })) },
      });
    const large = { code: "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE" };
    const stored = await opened.store.put(sized(1_400_000), { signal });
    // etcd's limit, the limit of what the server sends it, and that of what the server reads.
    for (const bytes of [1_700_000, 2_500_000, 3_120_000, 3_500_000]) {
      const write = opened.store.put(sized(bytes, stored.metadata.resourceVersion), { signal });
      await expect(write, String(bytes)).rejects.toMatchObject(large);
    }
    const still = await opened.store.getContainerProfile(namespace, "web", { signal });
    expect(still?.metadata.resourceVersion).toBe(stored.metadata.resourceVersion);
  });

  it("keeps objects as their users wrote them, members included that no definition knows [node-agent GroupedDocumentSurvivesStorage]", async () => {
    await using opened = await openClusterStore(cluster);
    const [namespace] = opened.namespaces;
    const metadata = { name: "web", namespace };
    const unknown = { tomorrow: { a: [1, { b: null }] } };
    const spec = {
      ...unknown,
      architectures: null,
      syscalls: null,
      execs: [{ path: "/a", args: null, ...unknown }],
      rulePolicies: { R0001: { processAllowed: ["ls"], ...unknown } },
      endpoints: [{ endpoint: ":80/", headers: { Host: ["a"] }, ...unknown }],
      egress: [
        { identifier: "e", ports: [{ name: "TCP-1", protocol: "TCP", port: null, ...unknown }], podSelector: null },
      ],
      seccompProfile: { name: "p", path: "", spec: { defaultAction: "SCMP_ACT_ERRNO" } },
      containers: [{ name: "app", execs: null, ...unknown }],
      initContainers: null,
    };
    await opened.seed({ kind: "ContainerProfile", metadata, spec });
    expect((await opened.raw("ContainerProfile", namespace, "web")).spec).toEqual(spec);
    const authored = { containers: [{ name: "app", execs: [{ path: "/a", ...unknown }], ...unknown }], ...unknown };
    await opened.seed({ kind: "ApplicationProfile", metadata, spec: authored });
    expect((await opened.raw("ApplicationProfile", namespace, "web")).spec).toEqual(authored);
    const peers = {
      containers: [{ name: "app", egress: [{ identifier: "e", ...unknown }] }],
      matchLabels: null,
      ...unknown,
    };
    await opened.seed({ kind: "NetworkNeighborhood", metadata, spec: peers });
    expect((await opened.raw("NetworkNeighborhood", namespace, "web")).spec).toEqual(peers);
  });

  it("keeps finalizers and owners of an object that it updates", async () => {
    await using opened = await openClusterStore(cluster);
    const [namespace] = opened.namespaces;
    const metadata = { name: "web", namespace, finalizers: ["example.com/keep"] };
    await opened.seed({ kind: "ContainerProfile", metadata, spec: {} });
    const { outcome } = await opened.store.update(
      namespace,
      "web",
      (current) => ({ ...current!, spec: { ...current!.spec, syscalls: ["read"] } }),
      { signal },
    );
    expect(outcome).toBe("written");
    const path = `/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces/${namespace}/containerprofiles/web`;
    expect((await apiCall(cluster, "GET", path)).metadata.finalizers).toEqual(metadata.finalizers);
    await apiCall(cluster, "PATCH", path, { metadata: { finalizers: null } });
  });

  it("goes on telling changes over a restart of the server, deletions that it missed included [store watch]", async () => {
    await using opened = await openClusterStore(cluster);
    const [namespace] = opened.namespaces;
    const put = (name: string): Promise<ContainerProfile> =>
      opened.store.put(parseContainerProfile({ metadata: { name, namespace }, spec: {} }), { signal });
    await put("a");
    const told: string[] = [];
    let isSynced = false;
    const stop = new AbortController();
    const watching = opened.store.watchMetadata(
      {
        changed: ({ type, name }) => told.push(`${type} ${name}`),
        synced: () => (isSynced = true),
        lost: () => (isSynced = false),
      },
      { signal: stop.signal, namespace },
    );
    await expect.poll(() => isSynced, { timeout: 20_000 }).toBe(true);
    await cluster.restart();
    await expect
      .poll(
        () =>
          put("b").then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    await opened.store.delete(namespace, "a", { signal });
    await expect.poll(() => told, { timeout: 120_000 }).toEqual(["added a", "added b", "deleted a"]);
    stop.abort();
    await watching;
  });
});
