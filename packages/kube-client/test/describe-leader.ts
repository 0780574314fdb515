import { hasCode } from "@kinglet/errors";
import { systemClock, whenAborted, type Clock } from "@kinglet/lifecycle";
import { openLoopbackProxy, waitFor, type LoopbackProxy } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAsLeader } from "../src/controller/index.ts";
import {
  createKubeClient,
  namespaces,
  type ClusterAccess,
  type KubeClient,
  type KubeObject,
  type ResourceDefinition,
} from "../src/index.ts";

const NAMESPACE = "leaders";
const leases: ResourceDefinition = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

/** A lease of 15 s lasts 2.5 s: fast, and still long beside what a busy machine adds to a request. */
const SPEED = 6;
const TAKEOVER = { timeoutMs: 60_000 };

function clockWith(skewMs: number): Clock {
  return {
    now: () => systemClock.now() + skewMs,
    monotonicMs: () => systemClock.monotonicMs() * SPEED,
    startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / SPEED),
  };
}

interface Span {
  readonly name: string;
  readonly fromMs: number;
  toMs: number;
}

/** One replica with a connection of its own, and the ways to end it. */
class Replica implements AsyncDisposable {
  error: unknown;
  leads = false;
  readonly ended: Promise<void>;
  readonly #proxy: LoopbackProxy;
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  #span: Span | undefined;

  constructor(
    proxy: LoopbackProxy,
    options: {
      readonly access: ClusterAccess;
      readonly lease: string;
      readonly name: string;
      readonly skewMs?: number;
    },
    spans: Span[],
  ) {
    const { access, lease, name, skewMs = 0 } = options;
    const clock = clockWith(skewMs);
    this.#proxy = proxy;
    this.#client = createKubeClient({ ...access, server: proxy.server }, { clock });
    this.ended = runAsLeader(
      { client: this.#client, namespace: NAMESPACE, name: lease, identity: name, clock },
      {
        signal: this.#stop.signal,
        lead: async (leading) => {
          this.leads = true;
          const span: Span = { name, fromMs: systemClock.monotonicMs(), toMs: Number.POSITIVE_INFINITY };
          this.#span = span;
          spans.push(span);
          await whenAborted(leading);
          span.toMs = Math.min(span.toMs, systemClock.monotonicMs());
          this.leads = false;
        },
      },
    ).catch((error: unknown) => {
      this.error = error;
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Its connections are reset, and nothing of it reaches the server any more: from here on it does nothing. */
  async kill(): Promise<void> {
    await this.#proxy.setMode("refuse");
    if (this.#span !== undefined) this.#span.toMs = systemClock.monotonicMs();
  }

  /** Its connections stay open and nothing passes. */
  async cutOff(): Promise<void> {
    await this.#proxy.setMode("hold");
  }

  async heal(): Promise<void> {
    await this.#proxy.setMode("forward");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#client[Symbol.asyncDispose]();
    await this.ended;
    await this.#proxy[Symbol.asyncDispose]();
  }
}

/** One leader at a time, on any API server. */
export function describeLeader(
  title: string,
  openServer: () => Promise<AsyncDisposable & { readonly access: ClusterAccess }>,
): void {
  describe(`runAsLeader ${title}`, { timeout: 120_000 }, () => {
    let server: Awaited<ReturnType<typeof openServer>>;
    let admin: KubeClient;
    let count = 0;

    beforeAll(async () => {
      server = await openServer();
      admin = createKubeClient(server.access);
      await admin.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
    });
    afterAll(async () => {
      await admin?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    /** The first of two replicas leads, the second waits. */
    async function openPair(
      stack: AsyncDisposableStack,
      skewMs = 0,
    ): Promise<{ readonly one: Replica; readonly two: Replica; readonly lease: string; readonly spans: Span[] }> {
      const lease = `controller-${++count}`;
      const spans: Span[] = [];
      const { access } = server;
      const one = stack.use(new Replica(await openLoopbackProxy(access.server), { access, lease, name: "one" }, spans));
      await waitFor(() => one.leads, { ...TAKEOVER, describe: "the first leader" });
      const two = stack.use(
        new Replica(await openLoopbackProxy(access.server), { access, lease, name: "two", skewMs }, spans),
      );
      return { one, two, lease, spans };
    }

    const holderOf = async (lease: string): Promise<unknown> =>
      (await admin.get<KubeObject & { readonly spec: object }>(leases, lease, { namespace: NAMESPACE })).spec;

    it("hands over at an orderly end [client K5]", async () => {
      await using stack = new AsyncDisposableStack();
      const { one, two, lease, spans } = await openPair(stack);
      one.stop();
      await one.ended;
      await waitFor(() => two.leads, { ...TAKEOVER, describe: "the second leader" });
      expect(await holderOf(lease)).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
      expectOneAtATime(spans);
      two.stop();
      await two.ended;
      expect(await holderOf(lease)).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
      expect([one.error, two.error]).toEqual([undefined, undefined]);
    });

    it("takes over from a leader that was killed [client K5]", async () => {
      await using stack = new AsyncDisposableStack();
      const { one, two, lease, spans } = await openPair(stack);
      await one.kill();
      await waitFor(() => two.leads, { ...TAKEOVER, describe: "the second leader" });
      // Were it only frozen, it would have given up before.
      await one.ended;
      expect(hasCode(one.error, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST")).toBe(true);
      expect(await holderOf(lease)).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
      expectOneAtATime(spans);
    });

    it("gives up in a partition before the other leads, and does not come back when it heals [client K5]", async () => {
      await using stack = new AsyncDisposableStack();
      const { one, two, lease, spans } = await openPair(stack);
      await one.cutOff();
      await waitFor(() => two.leads, { ...TAKEOVER, describe: "the second leader" });
      await one.ended;
      expect(hasCode(one.error, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST")).toBe(true);
      // What it had sent before arrives now.
      await one.heal();
      const renewals = new Set<unknown>();
      await waitFor(
        async () => {
          const spec = (await holderOf(lease)) as { readonly holderIdentity: string; readonly renewTime: string };
          expect(spec.holderIdentity).toBe("two");
          return renewals.add(spec.renewTime).size > 2;
        },
        { ...TAKEOVER, describe: "renewals of the second" },
      );
      expectOneAtATime(spans);
    });

    it.each([-3_600_000, 3_600_000])("does not care for clocks that are %i ms apart [client K5]", async (skewMs) => {
      await using stack = new AsyncDisposableStack();
      const { one, two, lease, spans } = await openPair(stack, skewMs);
      const renewals = new Set<unknown>();
      await waitFor(
        async () => renewals.add(((await holderOf(lease)) as { readonly renewTime: string }).renewTime).size > 5,
        { ...TAKEOVER, describe: "renewals of the first" },
      );
      expect([one.leads, two.leads]).toEqual([true, false]);
      await one.kill();
      await waitFor(() => two.leads, { ...TAKEOVER, describe: "the second leader" });
      expectOneAtATime(spans);
    });
  });
}

function expectOneAtATime(spans: readonly Span[]): void {
  expect(spans.length).toBe(2);
  for (const [index, span] of spans.entries()) {
    const next = spans[index + 1];
    if (next !== undefined) expect(span.toMs).toBeLessThanOrEqual(next.fromMs);
  }
}
