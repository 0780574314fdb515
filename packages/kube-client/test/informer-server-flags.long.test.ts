import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { createKubeClient, namespaces, type KubeClient } from "../src/index.ts";
import { fastClock, secret, secrets, Watcher } from "./informer-watcher.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

const NAMESPACE = "flags";

async function fill(client: KubeClient, objects: number): Promise<void> {
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  for (let index = 0; index < objects; index++) await client.create(secrets, secret(NAMESPACE, `c${index}`));
}

describe.skipIf(isSkipped)(realTitle("Informer on a server that is made to misbehave"), () => {
  it("goes on when connections are told to go away and streams end early [client W15] [client W4]", async () => {
    // Every 20th request is answered with GOAWAY; streams end after 5 to 10 s.
    await using server = await openRealServer(["--goaway-chance=0.02", "--min-request-timeout=5"]);
    const metrics = createMetrics();
    await using client = createKubeClient(server.access, { clock: fastClock, metrics });
    await fill(client, 20);
    await using paged = new Watcher(client, { namespace: NAMESPACE }, { listMode: "pages", metrics });
    await using streamed = new Watcher(client, { namespace: NAMESPACE }, { listMode: "stream", metrics });
    await Promise.all([paged.informer.waitForSync(), streamed.informer.waitForSync()]);
    for (let round = 0; round < 150; round++) {
      const name = `c${round % 20}`;
      await client.patch(
        secrets,
        name,
        { metadata: { labels: { round: String(round) } } },
        { namespace: NAMESPACE, type: "merge" },
      );
      // Reads go away, too; each is answered.
      await client.get(secrets, name, { namespace: NAMESPACE });
      if (round % 30 === 0) {
        await client.delete(secrets, name, { namespace: NAMESPACE });
        await client.create(secrets, secret(NAMESPACE, name));
      }
    }
    await Promise.all([paged.settle(), streamed.settle()]);
    const { text } = await metrics.exposition();
    // Nothing of this is a reason to list again.
    expect(text).toContain('kinglet_kube_informer_lists_total{resource="secrets"} 2');
  });

  it("lists where streaming is switched off, and waits its turn where too many ask [client S4] [client E3]", async () => {
    await using server = await openRealServer([
      "--feature-gates=WatchList=false",
      "--enable-priority-and-fairness=false",
      "--max-requests-inflight=3",
      "--max-mutating-requests-inflight=3",
    ]);
    await using admin = createKubeClient(server.access, { clock: fastClock });
    await fill(admin, 20);
    // Administrators are exempt from the limit.
    await admin.request({
      method: "POST",
      path: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
      body: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "alice" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }],
      },
    });
    const metrics = createMetrics();
    const access = { ...server.access, token: server.otherToken };
    await using client = createKubeClient(access, { clock: fastClock, metrics, retries: 20, maxParallelCalls: 100 });
    const watchers = Array.from(
      { length: 12 },
      (_value, index) =>
        new Watcher(client, { namespace: NAMESPACE }, { listMode: index % 2 === 0 ? "stream" : "pages", metrics }),
    );
    const storms = Array.from({ length: 40 }, () =>
      client.list(secrets, { namespace: NAMESPACE }).catch(() => undefined),
    );
    await Promise.all(watchers.map(({ informer }) => informer.waitForSync()));
    await Promise.all(storms);
    await client.patch(secrets, "c3", { metadata: { labels: { at: "end" } } }, { namespace: NAMESPACE, type: "merge" });
    for (const watcher of watchers) await watcher.settle(admin);
    await Promise.all(watchers.map((watcher) => watcher[Symbol.asyncDispose]()));
    const { text } = await metrics.exposition();
    expect(text).toMatch(/kinglet_kube_requests_total\{[^}]*code="429"\}/);
    expect(text).toContain('kinglet_kube_watch_restarts_total{resource="secrets",cause="refused"} 6');
  });
});
