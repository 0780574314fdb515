import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import {
  createInformer,
  createKubeClient,
  createTransport,
  type ClusterAccess,
  type KubeTransport,
  type TransportRequest,
  type TransportResponse,
} from "./index.ts";
import { secret, secrets } from "../test/informer-watcher.ts";

/** A minute passes in 0.3 s; the date is the real one, for certificates. */
const SPEED = 200;
const clock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / SPEED),
};

function accessTo(sim: KubeSim): ClusterAccess {
  return { server: sim.server, caPem: sim.caPem, token: sim.token, origin: "test" };
}

/** One address behind which the server can be exchanged: what was open is lost, what follows meets the other one. */
class Exchange implements KubeTransport {
  #sim: KubeSim;
  #transport: KubeTransport;

  constructor(sim: KubeSim) {
    this.#sim = sim;
    this.#transport = createTransport(accessTo(sim), { clock });
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    const headers = { ...request.headers, authorization: `Bearer ${this.#sim.token}` };
    return this.#transport.send({ ...request, headers });
  }

  async to(sim: KubeSim): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    this.#sim = sim;
    this.#transport = createTransport(accessTo(sim), { clock });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

describe("an informer whose server was restored to an older revision", () => {
  it.each(["lower bookmarks", "silence"])("notices by %s and holds the restored state [client L8]", async (sign) => {
    await using before = await openKubeSim({ clock });
    await using restored = await openKubeSim({ clock });
    // As kube-apiserver 1.27 and later: a watch from the future shows nothing, and is told nothing.
    const silence = restored.faults.add({ match: { verb: "watch" }, action: { kind: "no-bookmarks" } });
    if (sign === "lower bookmarks") silence.remove();
    for (let index = 0; index < 20; index++) before.apply(secret("shop", `c${index}`) as never);
    for (const name of ["c1", "c2", "old"]) restored.apply(secret("shop", name) as never);
    await using transport = new Exchange(before);
    await using client = createKubeClient(accessTo(before), { clock, transport });
    const informer = createInformer(client, secrets, { namespace: "shop", clock });
    const stopping = new AbortController();
    const running = informer.run({ signal: stopping.signal });
    await informer.waitForSync();
    const held = informer.resourceVersion;
    await transport.to(restored);
    await waitFor(() => informer.get("shop/old") !== undefined, {
      timeoutMs: 20_000,
      describe: () => `the restored state, ${JSON.stringify(informer.status)}`,
    });
    expect([...informer.values()].map(({ metadata }) => metadata.name).sort()).toEqual(["c1", "c2", "old"]);
    expect(Number(informer.resourceVersion)).toBeLessThan(Number(held));
    // It has a version of the restored server now, and goes on from there.
    restored.apply(secret("shop", "new") as never);
    await waitFor(() => informer.get("shop/new") !== undefined, { describe: "what came after" });
    stopping.abort();
    await running;
  });
});
