import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKubeClient, deployments, namespaces, type ClusterAccess, type KubeObject } from "../src/index.ts";
import { secret, secrets, type Secret } from "./informer-watcher.ts";

/** Requests of a client, on any API server. */
export function describeClient(
  title: string,
  openServer: () => Promise<AsyncDisposable & { readonly access: ClusterAccess }>,
): void {
  describe(`KubeClient ${title}`, () => {
    let server: Awaited<ReturnType<typeof openServer>>;
    beforeAll(async () => {
      server = await openServer();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    it("writes, reads, lists in pages and deletes [client C11]", async () => {
      await using client = createKubeClient(server.access);
      const shop = { namespace: "shop" };
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
      const created = await client.create<Secret>(secrets, secret("shop", "a", { app: "cart" }));
      expect(created.metadata).toMatchObject({ name: "a", namespace: "shop" });
      await expect(client.create(secrets, secret("shop", "a"))).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS",
      });
      const labels = { metadata: { labels: { x: "y" } } };
      const patched = await client.patch<Secret>(secrets, "a", labels, { ...shop, type: "merge" });
      expect(patched.metadata.labels).toEqual({ app: "cart", x: "y" });
      await expect(client.replace(secrets, created)).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_CONFLICT",
      });
      expect((await client.replace<Secret>(secrets, patched)).data).toEqual(created.data);
      for (let index = 0; index < 7; index++) {
        await client.create(secrets, secret("shop", `s${index}`, { part: index < 3 ? "one" : "two" }));
      }
      const select = { ...shop, limit: 3, labelSelector: "part=two" };
      const list = await client.list<KubeObject>(secrets, { ...select, projection: { paths: ["data.text"] } });
      expect(list.items.map(({ metadata }) => metadata.name)).toEqual(["s3", "s4", "s5", "s6"]);
      expect(list.items[0]).toEqual({
        metadata: { name: "s3", namespace: "shop", uid: expect.any(String), resourceVersion: expect.any(String) },
        data: { text: "eA==" },
      });
      const whole = await client.list<KubeObject>(secrets, select);
      const read = await client.get<KubeObject>(secrets, "s3", shop);
      // Once as protobuf, once as JSON.
      expect(whole.items[0]).toEqual(read);
      await client.delete(secrets, "a", shop);
      await expect(client.get(secrets, "a", shop)).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND",
      });
    });

    it("reads a field that is newer than the field table, were there one [client C11]", async () => {
      await using client = createKubeClient(server.access);
      const projection = { paths: ["metadata.labels", "spec.newerThanTheTable"] };
      const { items } = await client.list<KubeObject & { readonly spec?: object }>(namespaces, { projection });
      expect(items.find(({ metadata }) => metadata.name === "kube-system")?.spec).toEqual({});
    });

    it("does not trust another authority, nor a wrong token [client T5]", async () => {
      const { access } = server;
      const { caPem: _, ...withoutCa } = access;
      await using stranger = createKubeClient(withoutCa);
      await expect(stranger.list(secrets)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
      await using misnamed = createKubeClient({ ...access, tlsServerName: "other.example" });
      await expect(misnamed.list(secrets)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
      await using unknown = createKubeClient({ ...access, token: "wrong" });
      await expect(unknown.list(secrets)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED" });
      await using careless = createKubeClient({ ...withoutCa, insecureSkipTlsVerify: true });
      expect((await careless.list(deployments)).count).toBe(0);
    });
  });
}
