import { createMetrics } from "@kinglet/metrics";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import {
  createKubeClient,
  createTransport,
  namespaces,
  type ClusterAccess,
  type KubeClient,
  type KubeTransport,
  type TransportRequest,
  type TransportResponse,
} from "../src/index.ts";
import { fastClock, secret, secrets, Watcher } from "./informer-watcher.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

const NAMESPACE = "uncached";
const OBJECTS = 520;

/** Writes down what is asked of secrets, and can be cut off. */
class SeenTransport implements KubeTransport {
  readonly seen: URLSearchParams[] = [];
  isCutOff = false;
  readonly #transport: KubeTransport;

  constructor(access: ClusterAccess) {
    this.#transport = createTransport(access, { clock: fastClock });
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { searchParams } = new URL(request.path, "https://api.test");
    if (this.isCutOff) throw Object.assign(new Error("cut off"), { code: "ECONNREFUSED" });
    this.seen.push(searchParams);
    const response = await this.#transport.send(request);
    return request.isStream === true ? { ...response, body: this.#untilCutOff(response.body) } : response;
  }

  /** First pages: the other ones carry a token. */
  get lists(): (string | null)[][] {
    const lists = this.seen.filter((query) => !query.has("watch") && !query.has("continue"));
    return lists.map((query) => [query.get("resourceVersion"), query.get("limit"), query.get("fieldSelector")]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  async *#untilCutOff(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      if (this.isCutOff) throw Object.assign(new Error("cut off"), { code: "ECONNRESET" });
      yield chunk;
    }
  }
}

async function fill(client: KubeClient): Promise<void> {
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  for (let from = 0; from < OBJECTS; from += 20) {
    const names = Array.from({ length: 20 }, (_value, index) => `c${from + index}`);
    await Promise.all(names.map((name) => client.create(secrets, secret(NAMESPACE, name))));
  }
}

describe.skipIf(isSkipped)(realTitle("Informer on a server without a watch cache"), () => {
  it("pages every list, asks nothing but its version while nothing comes, and goes on after a compaction [client L5] [client L8]", async () => {
    await using server = await openRealServer(["--watch-cache=false"]);
    await using admin = createKubeClient(server.access, { clock: fastClock });
    await fill(admin);
    await using transport = new SeenTransport(server.access);
    const metrics = createMetrics();
    await using client = createKubeClient(server.access, { clock: fastClock, transport });
    await using watcher = new Watcher(client, { namespace: NAMESPACE }, { metrics });
    const { informer } = watcher;
    await informer.waitForSync();
    expect([informer.size, transport.lists]).toEqual([OBJECTS, [["0", "500", null]]]);
    expect(transport.seen.filter((query) => query.has("continue")).length).toBe(1);
    // No bookmark comes within the 100 s of a watch here: a minute is 3 s.
    await waitFor(() => transport.lists.length >= 3, { timeoutMs: 60_000, describe: "questions about the version" });
    expect(transport.lists.slice(1)).toEqual(
      transport.lists.slice(1).map(() => [informer.resourceVersion, null, "metadata.name=-"]),
    );
    transport.isCutOff = true;
    const held = informer.resourceVersion;
    for (let index = 0; index < 20; index++) {
      const name = `c${index}`;
      const labels = { at: "cut" };
      await admin.patch(secrets, name, { metadata: { labels } }, { namespace: NAMESPACE, type: "merge" });
    }
    await admin.delete(secrets, "c30", { namespace: NAMESPACE });
    await server.compact();
    await waitFor(
      () =>
        admin.list(secrets, { namespace: NAMESPACE, resourceVersion: held, resourceVersionMatch: "Exact" }).then(
          () => false,
          (error: unknown) => (error as { code?: string }).code === "KINGLET_ERR_KUBE_CLIENT_GONE",
        ),
      { timeoutMs: 60_000, intervalMs: 500, describe: "the compaction" },
    );
    const before = transport.lists.length;
    transport.isCutOff = false;
    await watcher.settle(admin);
    expect(informer.get(`${NAMESPACE}/c30`)).toBeUndefined();
    const relists = transport.lists.slice(before).filter(([, , selector]) => selector === null);
    // At the held version first, which is gone; both with pages, since a list at a version is not read from a cache here.
    expect(relists).toEqual([
      [held, "500", null],
      [null, "500", null],
    ]);
    const { text } = await metrics.exposition();
    expect(text).toContain('kinglet_kube_informer_lists_total{resource="secrets"} 2');
  });
});
