import { waitFor } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createIndex,
  createKubeClient,
  createTransport,
  namespaces,
  type ClusterAccess,
  type KubeClient,
  type KubeObject,
  type KubeTransport,
} from "../src/index.ts";
import { fastClock, secret, secrets, Watcher } from "./informer-watcher.ts";

/** An API server of a suite, with what can be done to it. */
export interface InformerServer extends AsyncDisposable {
  readonly access: ClusterAccess & { readonly caPem: string; readonly token: string };
  /** That clients have ever made. */
  connections(): number;
  /** Drops all connections and forgets all history; resolves when the server answers again. */
  restart(): Promise<void>;
  /** Makes lists at older versions and continue tokens answer 410, soon. */
  compact(): Promise<void>;
  /** Restarts with a certificate of another authority. @returns its PEM. */
  swapAuthority(): Promise<string>;
  /** Connections stay open and nothing answers, until `resume`. */
  pause(): void;
  resume(): void;
}

/** What informers promise, on any API server. */
export function describeInformer(title: string, openServer: () => Promise<InformerServer>): void {
  describe(title, () => {
    let server: InformerServer;
    let client: KubeClient;
    let count = 0;

    beforeAll(async () => {
      server = await openServer();
      client = createKubeClient(server.access, { clock: fastClock });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    async function freshNamespace(): Promise<string> {
      const namespace = `informer-${++count}`;
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      return namespace;
    }

    async function fill(namespace: string, objects: number): Promise<void> {
      for (let from = 0; from < objects; from += 10) {
        const names = Array.from({ length: Math.min(10, objects - from) }, (_value, index) => `c${from + index}`);
        await Promise.all(names.map((name) => client.create(secrets, secret(namespace, name))));
      }
    }

    const remove = (namespace: string, name: string): Promise<void> => client.delete(secrets, name, { namespace });
    const touch = (namespace: string, name: string, labels: object): Promise<KubeObject> =>
      client.patch<KubeObject>(secrets, name, { metadata: { labels } }, { namespace, type: "merge" });

    describe.each(["pages", "stream"] as const)("listing by %s", (listMode) => {
      it("follows every kind of change, and reads back what was written [client C10] [client W1] [client S2]", async () => {
        const namespace = await freshNamespace();
        await fill(namespace, 25);
        await using watcher = new Watcher(client, { namespace }, { listMode });
        const { informer } = watcher;
        await informer.waitForSync();
        const byColour = createIndex(informer, ({ metadata }) => [metadata.labels?.["colour"] ?? "none"]);
        const written = await touch(namespace, "c3", { colour: "red" });
        await informer.waitForVersion(written.metadata.resourceVersion);
        // Not before: the first list comes from the server's cache, which may be late itself.
        expect([informer.size, watcher.history.length]).toEqual([25, 26]);
        expect([...byColour.get("red")].map(({ metadata }) => metadata.name)).toEqual(["c3"]);
        await remove(namespace, "c4");
        await remove(namespace, "c5");
        await client.create(secrets, secret(namespace, "c5", {}, "YWdhaW4="));
        await watcher.settle();
        expect(informer.get(`${namespace}/c5`)?.data).toEqual({ text: "YWdhaW4=" });
        expect([byColour.count("none"), byColour.count("red")]).toEqual([23, 1]);
        expect(watcher.history.slice(25)).toEqual(["=c3", "-c4", "-c5", "+c5"]);
      });

      it("sees what starts and stops matching a selector [client W12]", async () => {
        const namespace = await freshNamespace();
        await fill(namespace, 3);
        await touch(namespace, "c0", { in: "yes" });
        await using watcher = new Watcher(client, { namespace, labelSelector: "in=yes" }, { listMode });
        await watcher.informer.waitForSync();
        await touch(namespace, "c1", { in: "yes" });
        const last = await touch(namespace, "c0", { in: "no" });
        await watcher.informer.waitForVersion(last.metadata.resourceVersion);
        expect(watcher.history).toEqual(["+c0", "+c1", "-c0"]);
        expect([...watcher.informer.values()].map(({ metadata }) => metadata.name)).toEqual(["c1"]);
      });

      it("holds the server's state after restarts, with changes meanwhile [client C2] [client W5] [client W8]", async () => {
        const namespace = await freshNamespace();
        await fill(namespace, 12);
        await using watcher = new Watcher(client, { namespace }, { listMode });
        await watcher.informer.waitForSync();
        for (const round of [0, 1]) {
          await server.restart();
          await waitFor(() => remove(namespace, `c${round}`).then(() => true), { describe: "the server" });
          await touch(namespace, `c${round + 4}`, { round: String(round) });
          await remove(namespace, `c${round + 8}`);
          await client.create(secrets, secret(namespace, `c${round + 8}`));
          await server.restart();
          await waitFor(() => client.create(secrets, secret(namespace, `d${round}`)).then(() => true), {
            describe: "the server",
          });
          await watcher.settle();
        }
        expect(watcher.informer.get(`${namespace}/c0`)).toBeUndefined();
      });

      it("finds the connection that is open and silent, and loses nothing [client W10]", async () => {
        const namespace = await freshNamespace();
        await fill(namespace, 3);
        await using watcher = new Watcher(client, { namespace }, { listMode });
        await watcher.informer.waitForSync();
        await waitFor(() => watcher.informer.status.state === "watching", { describe: "a watch" });
        const heardAtMs = watcher.informer.lastEventAtMs!;
        server.pause();
        try {
          // 100 s of the client's clock at most, and the attempts that follow find nobody.
          await waitFor(() => watcher.informer.status.state !== "watching", {
            timeoutMs: 30_000,
            describe: "a client that notices",
          });
        } finally {
          server.resume();
        }
        await touch(namespace, "c1", { after: "pause" });
        await watcher.settle();
        expect(watcher.informer.lastEventAtMs).toBeGreaterThan(heardAtMs);
      });

      it("keeps metadata only when only that is asked for [client L10]", async () => {
        const namespace = await freshNamespace();
        await fill(namespace, 3);
        await using watcher = new Watcher(client, { namespace }, { listMode, metadataOnly: true });
        await watcher.informer.waitForSync();
        const last = await touch(namespace, "c1", { colour: "red" });
        await watcher.informer.waitForVersion(last.metadata.resourceVersion);
        const held = watcher.informer.get(`${namespace}/c1`);
        expect([held?.metadata.labels, held?.data]).toEqual([{ colour: "red" }, undefined]);
      });
    });

    it("answers by version, match and limit as documented [client L7]", async () => {
      const namespace = await freshNamespace();
      await fill(namespace, 5);
      const now = (await client.list(secrets, { namespace })).resourceVersion;
      await remove(namespace, "c0");
      const names = async (options: object): Promise<number> =>
        (await client.list(secrets, { namespace, ...options })).count;
      // Unset is consistent; so is a page of it.
      expect([await names({}), await names({ limit: 2 })]).toEqual([4, 4]);
      // Not older than N: 4 or 5 would both be right, but never less than N shows; the version says which.
      const notOlder = await client.list(secrets, {
        namespace,
        resourceVersion: now,
        resourceVersionMatch: "NotOlderThan",
      });
      expect([4, 5]).toContain(notOlder.count);
      expect(Number(notOlder.resourceVersion)).toBeGreaterThanOrEqual(Number(now));
      expect(await names({ resourceVersion: "0" })).toBeLessThanOrEqual(5);
      // Exactly N, also with the old way of saying so: N and a limit.
      expect(await names({ resourceVersion: now, resourceVersionMatch: "Exact" })).toBe(5);
      expect(await names({ resourceVersion: now, limit: 500 })).toBe(5);
      const future = { resourceVersion: String(Number(now) + 1_000_000), retries: 0, timeoutMs: 600_000 };
      await expect(names(future)).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE",
      });
      await server.compact();
      await waitFor(
        () =>
          names({ resourceVersion: now, resourceVersionMatch: "Exact" }).then(
            () => false,
            (error: unknown) => (error as { code?: string }).code === "KINGLET_ERR_KUBE_CLIENT_GONE",
          ),
        { timeoutMs: 60_000, intervalMs: 500, describe: "the compaction" },
      );
    });

    it("starts a paged list anew when its token expires, without duplicates [client L3]", async () => {
      const namespace = await freshNamespace();
      await fill(namespace, 30);
      // A page at a time by hand first, to know that the token has expired when the client meets one like it.
      const page = (token: string): Promise<unknown> =>
        client.request({
          method: "GET",
          path: `/api/v1/namespaces/${namespace}/secrets?limit=10&continue=${token}`,
        });
      const first = (await page("")) as { readonly metadata: { readonly continue: string } };
      await remove(namespace, "c29");
      await server.compact();
      await waitFor(
        () =>
          page(first.metadata.continue).then(
            () => false,
            (error: unknown) => (error as { code?: string }).code === "KINGLET_ERR_KUBE_CLIENT_GONE",
          ),
        { timeoutMs: 60_000, intervalMs: 500, describe: "the compaction" },
      );
      const expired = createKubeClient(server.access, {
        clock: fastClock,
        transport: swapToken(server.access, first.metadata.continue),
      });
      await using owned = expired;
      const seen: string[] = [];
      let restarts = 0;
      const result = await owned.listEach<KubeObject>(secrets, {
        namespace,
        limit: 10,
        onItem: ({ metadata }) => seen.push(metadata.name),
        onRestart: () => {
          restarts++;
          seen.length = 0;
        },
      });
      expect([seen.length, new Set(seen).size, result.count, restarts]).toEqual([29, 29, 29, 1]);
    });
  });
}

/** Puts an expired token into the place of the one that the client would send, once: the server's own answer follows. */
function swapToken(access: ClusterAccess, token: string): KubeTransport {
  const transport = createTransport(access, { clock: fastClock });
  let isSwapped = false;
  return {
    send: (request) => {
      if (isSwapped || !request.path.includes("continue=")) return transport.send(request);
      isSwapped = true;
      return transport.send({ ...request, path: request.path.replace(/continue=[^&]*/, `continue=${token}`) });
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
