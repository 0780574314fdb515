import { waitFor } from "@kinglet/testing";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { expect } from "vitest";
import {
  createInformer,
  createKubeClient,
  createTransport,
  namespaces,
  type ClusterAccess,
  type KubeClient,
  type KubeTransport,
  type TransportRequest,
  type TransportResponse,
} from "../src/index.ts";
import { secret, secrets } from "./informer-watcher.ts";

const NAMESPACE = "restored";

/** A clock that runs so many times as fast; the date is the real one, for certificates. */
export function clockAt(speed: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonicMs: () => systemClock.monotonicMs() * speed,
    startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / speed),
  };
}

/** One address behind which the server is exchanged: what was open is lost, what follows meets the other one. */
class Exchange implements KubeTransport {
  readonly #clock: Clock;
  #access: ClusterAccess;
  #transport: KubeTransport;

  constructor(access: ClusterAccess, clock: Clock) {
    this.#clock = clock;
    this.#access = access;
    this.#transport = createTransport(access, { clock });
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    const headers = { ...request.headers, authorization: `Bearer ${this.#access.token as string}` };
    return this.#transport.send({ ...request, headers });
  }

  async to(access: ClusterAccess): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    this.#access = access;
    this.#transport = createTransport(access, { clock: this.#clock });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

async function fill(access: ClusterAccess, names: readonly string[]): Promise<void> {
  await using client = createKubeClient(access);
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  for (const name of names) await client.create(secrets, secret(NAMESPACE, name));
}

async function versionOf(client: KubeClient): Promise<number> {
  return Number((await client.list(secrets, { namespace: NAMESPACE })).resourceVersion);
}

/** An informer whose server turns into one at an older revision, as after a restore from a backup, notices and holds the restored state. */
export async function followARestoredServer(
  servers: { readonly before: ClusterAccess; readonly restored: ClusterAccess },
  clock: Clock,
): Promise<void> {
  const { before, restored } = servers;
  await fill(restored, ["c1", "c2", "old"]);
  await using after = createKubeClient(restored);
  await fill(
    before,
    Array.from({ length: 50 }, (_value, index) => `c${index}`),
  );
  await using owner = createKubeClient(before, { writeRate: { perSecond: 1000, burst: 1000 } });
  // Each server writes on its own account: the one before must be ahead by far.
  for (let index = 0; (await versionOf(owner)) < (await versionOf(after)) + 500; index++) {
    const touch = { metadata: { labels: { round: String(index) } } };
    const names = Array.from({ length: 50 }, (_value, at) => `c${at}`);
    await Promise.all(names.map((name) => owner.patch(secrets, name, touch, { namespace: NAMESPACE, type: "merge" })));
  }
  await using transport = new Exchange(before, clock);
  await using client = createKubeClient(before, { clock, transport });
  const informer = createInformer(client, secrets, { namespace: NAMESPACE, clock });
  const stopping = new AbortController();
  const running = informer.run({ signal: stopping.signal });
  await informer.waitForSync();
  const held = informer.resourceVersion;
  await transport.to(restored);
  await waitFor(() => informer.get(`${NAMESPACE}/old`) !== undefined, {
    timeoutMs: 60_000,
    describe: () => `the restored state, ${JSON.stringify(informer.status)}`,
  });
  expect([...informer.values()].map(({ metadata }) => metadata.name).sort()).toEqual(["c1", "c2", "old"]);
  expect(Number(informer.resourceVersion)).toBeLessThan(Number(held));
  // It has a version of the restored server now, and goes on from there.
  await after.create(secrets, secret(NAMESPACE, "new"));
  await waitFor(() => informer.get(`${NAMESPACE}/new`) !== undefined, {
    timeoutMs: 30_000,
    describe: "what came after",
  });
  stopping.abort();
  await running;
}
