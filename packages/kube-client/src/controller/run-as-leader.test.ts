import { hasCode } from "@kinglet/errors";
import { ManualClock, whenAborted, type Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { fault, MemoryApi } from "../../test/memory-api.ts";
import { runAsLeader } from "./run-as-leader.ts";

/** One replica: what it did, and the ways to end it. */
class Replica {
  readonly log: string[] = [];
  error: unknown;
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  /** After a `kill` nothing of it reaches the API any more. */
  #isDead = false;

  constructor(name: string, api: MemoryApi, clock: Clock, work?: (leading: AbortSignal) => Promise<void>) {
    const line = (what: string): void => void this.log.push(`${String(Math.round(clock.monotonicMs()))} ${what}`);
    const client = {
      get: (...args: Parameters<MemoryApi["get"]>) => this.#reach(() => api.get(...args)),
      create: (...args: Parameters<MemoryApi["create"]>) => this.#reach(() => api.create(...args)),
      replace: (...args: Parameters<MemoryApi["replace"]>) => this.#reach(() => api.replace(...args)),
    } as unknown as MemoryApi;
    this.ended = runAsLeader(
      { client, namespace: "kinglet", name: "controller", identity: name, clock, random: () => 0.5 },
      {
        signal: this.#stop.signal,
        lead: async (leading) => {
          line("leads");
          await (work?.(leading) ?? whenAborted(leading));
          line("stops");
        },
      },
    ).catch((error: unknown) => {
      line("lost");
      this.error = error;
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  kill(): void {
    this.#isDead = true;
  }

  get leads(): boolean {
    return this.log.at(-1)?.endsWith("leads") ?? false;
  }

  #reach<T>(call: () => Promise<T>): Promise<T> {
    return this.#isDead ? new Promise(() => {}) : call();
  }
}

describe("runAsLeader", () => {
  it("lets one of two lead, and the other after an orderly end at once [client K5]", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const one = new Replica("one", api, clock);
    await clock.advance(100);
    const two = new Replica("two", api, clock);
    await clock.advance(60_000);
    expect([one.log, two.log]).toEqual([["0 leads"], []]);
    one.stop();
    await clock.advance(4_400);
    await one.ended;
    expect(two.leads).toBe(true);
    expect(api.objects.get("leases/controller")).toMatchObject({
      spec: { holderIdentity: "two", leaseDurationSeconds: 15, leaseTransitions: 1 },
    });
    two.stop();
    await two.ended;
    expect(api.objects.get("leases/controller")).toMatchObject({
      spec: { holderIdentity: "", leaseDurationSeconds: 1 },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes over from a leader that was killed within its lease and one attempt [client K5]", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const one = new Replica("one", api, clock);
    await clock.advance(100);
    const two = new Replica("two", api, clock);
    await clock.advance(30_000);
    one.kill();
    await clock.advance(10_000);
    expect(two.leads).toBe(false);
    await clock.advance(15_000 + 4_400 - 10_000);
    expect(two.leads).toBe(true);
    // The killed one, were it only frozen, has given up long before.
    expect(hasCode(one.error, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST")).toBe(true);
    two.stop();
  });

  it("gives up in a partition before anybody else leads, whatever its work does [client K5]", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    let signal: AbortSignal | undefined;
    const stubborn = new Replica("one", api, clock, (leading) => {
      signal = leading;
      return new Promise(() => {});
    });
    await clock.advance(100);
    const two = new Replica("two", api, clock);
    await clock.advance(20_000);
    const cutMs = clock.monotonicMs();
    stubborn.kill();
    while (stubborn.error === undefined) await clock.advance(100);
    expect(two.leads).toBe(false);
    expect(signal?.aborted).toBe(true);
    expect(clock.monotonicMs() - cutMs).toBeLessThanOrEqual(10_100);
    expect(stubborn.log).toEqual(["0 leads", expect.stringMatching(/lost$/)]);
    await clock.advance(10_000);
    expect(two.leads).toBe(true);
    two.stop();
  });

  it("does not care for clocks that are an hour apart [client K5]", async () => {
    for (const skewMs of [-3_600_000, 3_600_000]) {
      const clock = new ManualClock();
      const skewed: Clock = {
        now: () => clock.now() + skewMs,
        monotonicMs: () => clock.monotonicMs(),
        startTimer: (callback, delayMs) => clock.startTimer(callback, delayMs),
      };
      const api = new MemoryApi();
      const one = new Replica("one", api, clock);
      await clock.advance(100);
      const two = new Replica("two", api, skewed);
      await clock.advance(600_000);
      expect([one.leads, two.log]).toEqual([true, []]);
      one.kill();
      await clock.advance(19_400);
      expect([one.leads, two.leads]).toEqual([false, true]);
      two.stop();
    }
  });

  it("goes on leading through failures shorter than the deadline, and through a race for a new lease", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const one = new Replica("one", api, clock);
    const two = new Replica("two", api, clock);
    await clock.advance(5_000);
    expect([one.leads, two.leads]).toEqual([true, false]);
    api.fault = () => fault("SERVER");
    await clock.advance(6_500);
    api.fault = () => undefined;
    await clock.advance(30_000);
    expect([one.leads, two.leads]).toEqual([true, false]);
    for (const replica of [one, two]) replica.stop();
    await clock.advance(10_000);
    await Promise.all([one.ended, two.ended]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("stops at once when somebody else wrote himself into the lease", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const one = new Replica("one", api, clock);
    await clock.advance(3_000);
    const lease = await api.get<{ spec: object }>({ plural: "leases" } as never, "controller");
    await api.replace({ plural: "leases" } as never, { ...lease, spec: { ...lease.spec, holderIdentity: "usurper" } });
    await clock.advance(2_000);
    expect(hasCode(one.error, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST")).toBe(true);
    expect(api.objects.get("leases/controller")).toMatchObject({ spec: { holderIdentity: "usurper" } });
  });

  it("ends with what its work throws, and refuses times that cannot work", async () => {
    const clock = new ManualClock();
    const broken = new Replica("one", new MemoryApi(), clock, () => Promise.reject(new Error("work")));
    await clock.advance(10);
    await broken.ended;
    expect(broken.error).toMatchObject({ message: "work" });
    const times = { leaseDurationMs: 10_000, renewDeadlineMs: 10_000 };
    const options = { client: new MemoryApi(), namespace: "n", name: "l", identity: "i", clock, ...times };
    const run = runAsLeader(options, { signal: new AbortController().signal, lead: () => Promise.resolve() });
    await expect(run).rejects.toThrow(/leaseDurationMs \(10000\) must be longer than renewDeadlineMs \(10000\)/);
  });

  it("makes the lease again that somebody deleted, and goes on leading", async () => {
    const clock = new ManualClock();
    const api = new MemoryApi();
    const one = new Replica("one", api, clock);
    await clock.advance(3_000);
    api.objects.clear();
    await clock.advance(60_000);
    expect([one.error, one.leads]).toEqual([undefined, true]);
    expect(api.objects.get("leases/controller")).toMatchObject({ spec: { holderIdentity: "one" } });
    one.stop();
    await one.ended;
  });
});
