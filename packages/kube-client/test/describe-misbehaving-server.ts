import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { createKubeClient, createTransport, namespaces, type KubeClient, type KubeTransport } from "../src/index.ts";
import type { InformerServer } from "./describe-informer.ts";
import { fastClock, secret, secrets, Watcher } from "./informer-watcher.ts";

/** How a server is made to misbehave, from its first request to its last. */
export type Misbehaviour =
  /** One request in fifty is asked to leave its connection, and streams end long before they should. */
  | "sends-away"
  /** Streaming lists are refused, and of many calls at once some are answered with 429. */
  | "overloaded";

const NAMESPACE = "misbehaving";

/** What clients hold to when the server does not, on any API server. `otherToken` is of alice, who may do nothing before somebody binds a role. */
export function describeMisbehavingServer(
  title: string,
  openServer: (misbehaviour: Misbehaviour) => Promise<InformerServer & { readonly otherToken: string }>,
): void {
  describe(title, () => {
    it("goes on when connections are told to go away and streams end early [client W15] [client W4]", async () => {
      await using server = await openServer("sends-away");
      const metrics = createMetrics();
      await using client = createKubeClient(server.access, { clock: fastClock, metrics });
      await fill(client, 20);
      await using paged = new Watcher(client, { namespace: NAMESPACE }, { listMode: "pages", metrics });
      await using streamed = new Watcher(client, { namespace: NAMESPACE }, { listMode: "stream", metrics });
      await Promise.all([paged.informer.waitForSync(), streamed.informer.waitForSync()]);
      const connections = server.connections();
      for (let round = 0; round < 150 || server.connections() === connections; round++) {
        // At one request in fifty, none of so many fails for luck.
        expect(round).toBeLessThan(2000);
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

    it("answers every call although connections are told to go away and the server restarts [client W15] [client T2] [client E2]", async () => {
      await using server = await openServer("sends-away");
      await using client = createKubeClient(server.access);
      for (let index = 0; index < 300; index++) {
        const name = `goaway-${index % 10}`;
        if (index < 10) await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
        else if (index % 2 === 0) await client.get(namespaces, name);
        else
          await client.patch(namespaces, name, { metadata: { labels: { index: String(index) } } }, { type: "merge" });
      }
      await Promise.all(Array.from({ length: 200 }, () => client.get(namespaces, "goaway-1")));
      await server.restart();
      expect(await client.get(namespaces, "goaway-1")).toMatchObject({ metadata: { name: "goaway-1" } });
    });

    it("lists where streaming is switched off, and waits its turn where too many ask [client S4] [client E3]", async () => {
      await using server = await openServer("overloaded");
      await using admin = createKubeClient(server.access, { clock: fastClock, retries: 20 });
      await fill(admin, 20);
      // Administrators are exempt from the limit of the real server.
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
      const transport = countRefusals(createTransport(access, { clock: fastClock }));
      await using client = createKubeClient(access, {
        clock: fastClock,
        metrics,
        retries: 20,
        maxParallelCalls: 100,
        transport,
      });
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
      await admin.patch(
        secrets,
        "c3",
        { metadata: { labels: { at: "end" } } },
        { namespace: NAMESPACE, type: "merge" },
      );
      for (const watcher of watchers) await watcher.settle(admin);
      await Promise.all(watchers.map((watcher) => watcher[Symbol.asyncDispose]()));
      const { text } = await metrics.exposition();
      expect(transport.refusals.get(429)).toBeGreaterThan(0);
      expect(text).toMatch(/kinglet_kube_requests_total\{[^}]*code="429"\}/);
      // Once for each that wanted a stream: a refusal is remembered.
      expect(transport.refusals.get(422)).toBe(6);
      expect(text).toContain('kinglet_kube_watch_restarts_total{resource="secrets",cause="refused"} 6');
    });
  });
}

async function fill(client: KubeClient, objects: number): Promise<void> {
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  for (let index = 0; index < objects; index++) await client.create(secrets, secret(NAMESPACE, `c${index}`));
}

/** Counts answers from 400 on by their status. */
function countRefusals(inner: KubeTransport): KubeTransport & { readonly refusals: ReadonlyMap<number, number> } {
  const refusals = new Map<number, number>();
  return {
    refusals,
    send: async (request) => {
      const response = await inner.send(request);
      if (response.status >= 400) refusals.set(response.status, (refusals.get(response.status) ?? 0) + 1);
      return response;
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
