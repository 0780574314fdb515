import type { createInformer, Informer, InformerHandler, InformerStatus, KubeClient } from "@kinglet/kube-client";
import { ManualClock, untilAborted } from "@kinglet/lifecycle";
import { createCapturedLogger } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { NamespaceLabels } from "./namespace-labels.ts";

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** An informer that shows what the test says. */
class ToldInformer {
  readonly objects: Map<string, Namespace> = new Map();
  readonly synced: PromiseWithResolvers<void> = Promise.withResolvers();
  status: InformerStatus = { state: "listing", reason: "taking a state" };
  isSynced = false;
  isRunning = false;
  #handler: InformerHandler<Namespace & { metadata: { uid: string; resourceVersion: string } }> | undefined;

  addHandler(handler: never): void {
    this.#handler = handler;
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.isRunning = true;
    await untilAborted(new Promise(() => {}), signal).catch(() => {});
    this.isRunning = false;
  }

  waitForSync({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return untilAborted(this.synced.promise, signal);
  }

  get(name: string): Namespace | undefined {
    return this.objects.get(name);
  }

  set(name: string, labels?: Readonly<Record<string, string>>): void {
    const old = this.objects.get(name);
    const now = { metadata: { name, ...(labels === undefined ? {} : { labels }) } };
    this.objects.set(name, now);
    if (old === undefined) void this.#handler?.onAdd?.(now as never, { isInitial: false } as never);
    else void this.#handler?.onUpdate?.(now as never, old as never);
  }

  sync(): void {
    this.isSynced = true;
    this.status = { state: "watching", reason: "from version 1" };
    this.synced.resolve();
  }
}

function opened() {
  const clock = new ManualClock();
  const logger = createCapturedLogger();
  const informers: ToldInformer[] = [];
  const end = new AbortController();
  let changes = 0;
  const labels = new NamespaceLabels({
    client: {} as KubeClient,
    createInformer: (() => {
      const informer = new ToldInformer();
      informers.push(informer);
      return informer as unknown as Informer<never>;
    }) as unknown as typeof createInformer,
    informer: {},
    onChange: () => (changes += 1),
    wantedBy: () => ["team-a"],
    patienceMs: 10_000,
    clock,
    logger,
  });
  void labels.run({ signal: end.signal });
  return {
    labels,
    clock,
    logger,
    informers,
    end,
    get changes() {
      return changes;
    },
  };
}

const forbidden: InformerStatus = { state: "waiting", reason: "list failed: forbidden; next attempt in 30000 ms" };

describe("NamespaceLabels", () => {
  it("follows namespaces while somebody wants their labels, and tells of changes of labels alone [bindings L-1]", async () => {
    const bench = opened();
    const { labels, informers, clock } = bench;
    expect([informers.length, labels.isKnown, labels.labelsOf("shop")]).toEqual([0, false, undefined]);
    labels.want(true);
    labels.want(true);
    const [first] = informers;
    first!.set("shop", { team: "a" });
    first!.set("bare");
    first!.sync();
    await labels.settled();
    expect([labels.isKnown, labels.labelsOf("shop"), labels.labelsOf("bare")]).toEqual([true, { team: "a" }, {}]);
    expect([labels.labelsOf("new"), labels.problem, bench.changes]).toEqual([undefined, undefined, 2]);
    first!.set("shop", { team: "a" });
    expect(bench.changes).toBe(2);
    first!.set("shop", { team: "b" });
    expect(bench.changes).toBe(3);
    labels.want(false);
    await clock.advance(0);
    expect([informers.length, first!.isRunning, labels.isKnown, clock.pendingTimers]).toEqual([1, false, false, 0]);
    labels.want(true);
    expect([informers.length, labels.labelsOf("shop")]).toEqual([2, undefined]);
    bench.end.abort(new Error("stop"));
    await clock.advance(0);
    expect([informers[1]?.isRunning, clock.pendingTimers]).toEqual([false, 0]);
  });

  it("says once that they cannot be had, and once that they can [bindings L-2]", async () => {
    const { labels, informers, clock, logger } = opened();
    labels.want(true);
    informers[0]!.status = forbidden;
    let isSettled = false;
    void labels.settled().then(() => (isSettled = true));
    await clock.advance(9_999);
    expect([isSettled, labels.isKnown, labels.problem]).toEqual([false, false, forbidden.reason]);
    expect(logger.messages("warn")).toEqual([]);
    await clock.advance(1);
    expect([isSettled, labels.labelsOf("shop")]).toEqual([true, undefined]);
    await clock.advance(600_000);
    labels.want(true);
    expect(logger.messages("warn")).toHaveLength(1);
    expect(logger.messages("warn")[0]).toMatch(/hold for every namespace that they could select/);
    // An API that does not answer at all is told, too.
    informers[0]!.status = { state: "listing", reason: "taking a state" };
    expect(labels.problem).toBe("listing: taking a state");
    informers[0]!.set("shop", { team: "a" });
    informers[0]!.sync();
    await clock.advance(0);
    expect([labels.isKnown, labels.problem, labels.labelsOf("shop")]).toEqual([true, undefined, { team: "a" }]);
    expect([logger.messages("warn").length, logger.messages("info").length]).toEqual([1, 1]);
  });

  it("says nothing of a list that takes its time, and keeps what was known last [bindings L-3]", async () => {
    const { labels, informers, clock, logger } = opened();
    labels.want(true);
    await clock.advance(5_000);
    informers[0]!.set("shop", { team: "a" });
    informers[0]!.sync();
    await clock.advance(60_000);
    informers[0]!.status = forbidden;
    expect([labels.isKnown, labels.problem, labels.labelsOf("shop")]).toEqual([true, forbidden.reason, { team: "a" }]);
    expect([logger.messages("warn"), logger.messages("info")]).toEqual([[], []]);
  });
});
