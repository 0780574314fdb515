import { NetworkEvent, type ContainerIdentity } from "@kinglet/enrichment";
import type { ClusterPeer } from "@kinglet/learning";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { PeerGate, type PeerGateOptions } from "./peer-gate.ts";

const container = (at = 1, namespace = `ns-${at}`): ContainerIdentity =>
  ({ containerId: `c${at}`, namespace }) as ContainerIdentity;
const connects = (address: string, more = {}): NetworkEvent =>
  new NetworkEvent({ sequence: 1, address, port: 80, protocol: "TCP", ...more });
const store: ClusterPeer = { kind: "pod", namespace: "shop", labels: { app: "store" } };

/** A gate before a book whose answers the test gives. */
function opened(more: Partial<PeerGateOptions> = {}) {
  const clock = new ManualClock();
  const end = new AbortController();
  const known = new Map<string, ClusterPeer | undefined>();
  const asked: string[] = [];
  const flights = new Map<string, PromiseWithResolvers<void>>();
  let opens = 0;
  const gate = new PeerGate({
    open: async () => {
      opens += 1;
      return {
        peerOf: (address) => known.get(address),
        isKnown: (address) => known.has(address),
        resolve: (address) => {
          asked.push(address);
          const flight = flights.get(address) ?? Promise.withResolvers<void>();
          flights.set(address, flight);
          return flight.promise;
        },
      };
    },
    isLearned: ({ containerId }) => containerId === "c1",
    maxHeld: 1_000,
    signal: end.signal,
    clock,
    metrics: noopMetrics,
    ...more,
  });
  let again = 0;
  const holds = (event: NetworkEvent, at = 1): boolean => gate.holds(event, container(at), () => (again += 1));
  return {
    gate,
    clock,
    end,
    known,
    asked,
    holds,
    answer: async (address: string, peer?: ClusterPeer): Promise<void> => {
      known.set(address, peer);
      flights.get(address)?.resolve();
      await clock.advance(0);
    },
    fail: async (address: string): Promise<void> => {
      flights.get(address)?.reject(new Error("test"));
      await clock.advance(0);
    },
    get again() {
      return again;
    },
    get opens() {
      return opens;
    },
  };
}

describe("PeerGate", () => {
  it("holds what is learned until it is known whose the address is [peers G-1]", async () => {
    const bench = opened();
    expect(bench.holds(connects("10.0.0.5"))).toBe(true);
    expect(bench.holds(connects("::ffff:10.0.0.5"))).toBe(true);
    await bench.clock.advance(0);
    expect([bench.asked, bench.again, bench.gate.peerOf("10.0.0.5")]).toEqual([["10.0.0.5", "10.0.0.5"], 0, undefined]);
    await bench.answer("10.0.0.5", store);
    expect(bench.gate.peerOf("::ffff:10.0.0.5")).toBe(store);
    expect([bench.again, bench.holds(connects("10.0.0.5")), bench.clock.pendingTimers]).toEqual([2, false, 0]);
  });

  it("holds what nobody learns only when a rule asked about its address, and not what comes after it [peers G-2]", async () => {
    const bench = opened();
    expect(bench.holds(connects("10.0.0.5"), 2)).toBe(false);
    expect(bench.gate.peerOf("10.0.0.5")).toBe(undefined);
    expect(bench.holds(connects("10.0.0.6"), 2)).toBe(false);
    expect(bench.holds(connects("10.0.0.5"), 2)).toBe(false);
    bench.gate.peerOf("10.0.0.5");
    expect(bench.holds(connects("10.0.0.5"), 2)).toBe(true);
  });

  it("loads nothing for public addresses, open ports and nobody [peers G-3]", () => {
    const bench = opened();
    for (const address of ["203.0.113.9", "127.0.0.1", "::1", ""]) {
      bench.gate.peerOf(address);
      expect(bench.holds(connects(address))).toBe(false);
    }
    expect(bench.holds(connects("10.0.0.5", { isListening: true, direction: "ingress" }))).toBe(false);
    expect([bench.opens, bench.clock.pendingTimers]).toEqual([0, 0]);
  });

  it("lets go of what is learned before learning takes no more of an ended container [peers G-4]", async () => {
    const bench = opened();
    bench.holds(connects("10.0.0.5"));
    await bench.clock.advance(4_499);
    expect(bench.again).toBe(0);
    await bench.clock.advance(1);
    expect(bench.again).toBe(1);
  });

  it("lets go after half a minute without an answer, once, and at once when it was tried in vain [peers G-4]", async () => {
    const bench = opened();
    bench.gate.peerOf("10.0.0.5");
    bench.holds(connects("10.0.0.5"), 2);
    await bench.clock.advance(29_999);
    expect(bench.again).toBe(0);
    await bench.clock.advance(1);
    expect(bench.again).toBe(1);
    await bench.answer("10.0.0.5", store);
    expect([bench.again, bench.clock.pendingTimers]).toEqual([1, 0]);
    bench.holds(connects("10.0.0.6"));
    await bench.clock.advance(0);
    await bench.fail("10.0.0.6");
    expect([bench.again, bench.clock.pendingTimers]).toEqual([2, 0]);
  });

  it("holds a bounded number, and few of one container [peers G-5]", async () => {
    const bench = opened({ isLearned: () => true });
    const hold = (at: number, count = 100): number =>
      Array.from({ length: count }, (_, one) => bench.holds(connects(`10.0.${at}.${one}`), at)).filter(Boolean).length;
    expect(hold(1)).toBe(64);
    await bench.clock.advance(0);
    await bench.answer("10.0.1.0");
    expect([hold(1), hold(2)]).toEqual([1, 64]);
    let held = 128;
    for (let at = 3; at < 200; at += 1) held += hold(at);
    expect(held).toBeLessThanOrEqual(1_000);
  });

  it("has room for who comes next, however many containers of a namespace hold what they may [peers G-5]", () => {
    for (const maxHeld of [256, 4_096]) {
      const bench = opened({ maxHeld, isLearned: () => true });
      const hold = (at: number, namespace: string, rawBytes = 2_000): number =>
        Array.from({ length: 100 }, (_, one) =>
          bench.gate.holds(connects(`10.${at}.0.${one}`, { rawBytes }), container(at, namespace), () => {}),
        ).filter(Boolean).length;
      for (let at = 1; at <= 100; at += 1) hold(at, "scanners");
      for (let at = 101; at <= 110; at += 1) hold(at, `scanner-${at}`, at % 2 === 0 ? 60_000 : 2_000);
      expect(hold(200, "shop")).toBeGreaterThan(1);
    }
  });

  it("holds few that are large: what waits counts as waiting events, which make the source wait [peers G-5]", async () => {
    const bench = opened({ isLearned: () => true });
    const hold = (at: number, count: number): number =>
      Array.from({ length: count }, (_, one) =>
        bench.holds(connects(`10.0.${at}.${one}`, { rawBytes: 60_000 }), at),
      ).filter(Boolean).length;
    const held = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => hold(at, 10));
    expect(held).toEqual([3, 3, 2, 2, 1, 1, 1, 1, 0]);
    await bench.clock.advance(4_500);
    expect([bench.again, hold(8, 10)]).toEqual([14, 3]);
  });

  it("tells who finds it out who asks, and that a conversation waits no more [peers G-4]", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const askers: unknown[] = [];
    const bench = opened({
      open: async () => ({
        peerOf: () => undefined,
        isKnown: () => false,
        resolve: (_address, wait) => {
          signals.push(wait.signal);
          askers.push(wait.asker);
          return new Promise(() => {});
        },
      }),
    });
    bench.holds(connects("10.0.0.5"));
    await bench.clock.advance(4_499);
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    expect(askers).toEqual([{ containerId: "c1", namespace: "ns-1" }]);
    await bench.clock.advance(1);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it("does not take the question of what was let go for one of the next conversation [peers G-2]", async () => {
    const bench = opened();
    bench.gate.peerOf("10.0.0.5");
    bench.gate.holds(connects("10.0.0.5"), container(2), () => void bench.gate.peerOf("10.0.0.5"));
    await bench.clock.advance(30_000);
    expect(bench.holds(connects("10.0.0.5"), 3)).toBe(false);
  });

  it("lets nothing go once the sensor stops [peers G-6]", async () => {
    const bench = opened();
    bench.holds(connects("10.0.0.5"));
    await bench.clock.advance(0);
    bench.end.abort();
    await bench.fail("10.0.0.5");
    await bench.clock.advance(60_000);
    expect(bench.again).toBe(0);
  });

  it("goes on without an answer when what finds it out cannot be loaded, and tries it the next time [peers G-7]", async () => {
    let opens = 0;
    const bench = opened({
      open: () => {
        opens += 1;
        return Promise.reject(new Error("no such file"));
      },
    });
    bench.holds(connects("10.0.0.5"));
    await bench.clock.advance(0);
    bench.holds(connects("10.0.0.5"));
    await bench.clock.advance(0);
    expect([opens, bench.again]).toEqual([2, 2]);
  });
});
