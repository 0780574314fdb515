import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";

describe("ProfileCache", () => {
  describe("a container with a profile", () => {
    it("is fetched at once and then found", async () => {
      const { cache, source, clock } = start();
      source.put("web", { execs: [{ path: "/bin/sh" }] });
      cache.addContainer(ref("c1", "web"));
      expect(cache.state("c1")).toBe("pending");
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
      expect(cache.get("c1")).toMatchObject({
        namespace: "shop",
        name: "web",
        status: "completed",
        completion: "complete",
      });
      expect(cache.get("c1")?.content.wasExecuted("/bin/sh")).toBe(true);
      expect(cache.get("c1")?.checksum).toMatch(/^[0-9a-f]{64}$/);
    });

    it("cannot be changed by a consumer [cache-test TestSharedPointerFastPathPreservesPointerIdentity]", async () => {
      const { cache, source, clock } = start();
      const flags = ["O_RDONLY"];
      source.put("web", { opens: [{ path: "/etc/hosts", flags }], rulePolicies: { R1: { processAllowed: ["ls"] } } });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const held = cache.get("c1");
      const allowed = held?.content.policyOf("R1")?.processAllowed as unknown as string[];
      expect(() => allowed.push("nc")).toThrow(TypeError);
      expect(Object.isFrozen(held) && Object.isFrozen(held?.content)).toBe(true);
    });

    it("keeps the same object while the version, or only the version, is unchanged [cache-test TestRefreshFastSkipWhenAllRVsMatch]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", { syscalls: ["read", "write"] });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(before);
      source.put("web", { syscalls: ["write", "read"] });
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(before);
      expect(source.calls).toHaveLength(3);
      expect(metrics.read("fetches_total", "unchanged")).toBe(2);
    });

    it("follows a change at the next tick [cache-test TestRefreshRebuildsOnCPChange]", async () => {
      const { cache, source, clock } = start();
      source.put("web", { execs: [{ path: "/bin/sh" }] });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.put("web", { execs: [{ path: "/bin/sh" }, { path: "/bin/ls" }] });
      await clock.advance(TICK_MS - 1);
      expect(cache.get("c1")).toBe(before);
      await clock.advance(1);
      expect(cache.get("c1")?.content.wasExecuted("/bin/ls")).toBe(true);
      expect(before?.content.wasExecuted("/bin/ls")).toBe(false);
    });

    it("follows a change of status alone", async () => {
      const { cache, source, clock } = start();
      source.put("web", { syscalls: ["read"] }, "too-large");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.put("web", { syscalls: ["read"] }, "completed");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.status).toBe("completed");
      expect(cache.get("c1")?.content).toBe(before?.content);
    });
  });

  describe("a profile that does not exist", () => {
    it("leaves the container pending with the reason, and is found once it is created [cache-test TestRetryPendingEntries_CPCreatedAfterAdd]", async () => {
      const { cache, source, clock, metrics, lines } = start();
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect([...cache.containers()]).toMatchObject([{ state: "pending", reason: "the profile does not exist" }]);
      expect(metrics.read("fetches_total", "not_found")).toBe(1);
      expect(metrics.read("fetches_total", "error")).toBe(0);
      expect(lines).toEqual([]);
      source.put("web");
      await clock.advance(2_000);
      expect(cache.state("c1")).toBe("active");
    });

    it("is asked for ever more rarely, in the end at each tick only", async () => {
      const { cache, source, clock } = start();
      cache.addContainer(ref("c1", "web"));
      const times: number[] = [];
      let seen = 0;
      const startedMs = clock.monotonicMs();
      for (let step = 0; step < 6 * 120; step += 1) {
        await clock.advance(500);
        for (; seen < source.calls.length; seen += 1) times.push((clock.monotonicMs() - startedMs) / 1_000);
      }
      expect(times).toEqual([0.5, 2, 6, 14, 30, 60, 120, 180, 240, 300, 360]);
    });

    it("takes the container back to pending at the next tick when it was deleted [cache W1] [cache-test TestRefresh_LearnedCP_NotFoundEvictsVsTransientKeeps] [cache-test TestRefresh_NoSourcesAfterDelete_EvictsInsteadOfSyntheticComplete]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.objects.clear();
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBeUndefined();
      expect(cache.state("c1")).toBe("pending");
      expect(metrics.read("evictions_total", "profile_deleted")).toBe(1);
      source.put("web", { syscalls: ["read"] }, "completed", "another-uid");
      await clock.advance(2_000);
      expect(cache.get("c1")?.content.usesSyscall("read")).toBe(true);
    });
  });

  describe("a profile that is not final", () => {
    it("leaves the container pending and says so [cache W4] [cache-test TestRefreshUpdatesCPStatus]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", {}, "ready");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect([...cache.containers()]).toMatchObject([{ state: "pending", reason: 'the profile\'s status is "ready"' }]);
      expect(metrics.read("fetches_total", "not_final")).toBe(1);
      source.put("web", {}, "completed");
      await clock.advance(2_000);
      expect(cache.state("c1")).toBe("active");
    });

    it("keeps what it allowed before when the same object goes back to learning", async () => {
      const { cache, source, clock } = start();
      source.put("web", { syscalls: ["read"] });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.put("web", {}, "ready");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(before);
      source.put("web", {}, "ready", "another-uid");
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("pending");
    });
  });

  describe("a store that fails", () => {
    it("keeps the last good profile, with reason and metric, warns once and says when it is over [cache-test TestRefreshNoEntryWhenCPGetFails]", async () => {
      const { cache, source, clock, metrics, lines } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.failure = new Error("connection refused");
      await clock.advance(3 * TICK_MS);
      expect(cache.get("c1")).toBe(before);
      expect([...cache.containers()]).toMatchObject([{ state: "active", reason: "connection refused", isStale: true }]);
      expect(metrics.read("profiles", "stale")).toBe(1);
      expect(metrics.read("fetches_total", "error")).toBe(3);
      source.failure = undefined;
      await clock.advance(TICK_MS);
      expect([...cache.containers()]).toMatchObject([{ reason: "", isStale: false }]);
      expect(lines.map((line) => line.level)).toEqual(["warn", "info"]);
    });

    it.each<[unknown]>([[null], ["text"], [{}], [{ metadata: null }], [{ metadata: { name: "web" }, spec: null }]])(
      "of a store that answers with %j is one, with its reason",
      async (answer) => {
        const { cache, source, clock } = start();
        source.isHeld = true;
        cache.addContainer(ref("c1", "web"));
        await clock.advance(0);
        source.calls[0]?.resolve(answer as undefined);
        await clock.advance(0);
        expect([...cache.containers()][0]).toMatchObject({
          state: "pending",
          reason: expect.stringMatching(/is no profile/) as string,
        });
        source.isHeld = false;
        source.put("web");
        await clock.advance(TICK_MS);
        expect(cache.state("c1")).toBe("active");
      },
    );

    it("is not a missing profile: the container is pending with the error as reason [cache W17] [cache-test TestStorageError_NoEntry] [cache-test TestRefresh_TransientErrorBeforeFirstFetch]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web");
      source.failure = new Error("connection refused");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect([...cache.containers()]).toMatchObject([{ state: "pending", reason: "connection refused" }]);
      expect(metrics.read("fetches_total", "not_found")).toBe(0);
      source.failure = undefined;
      await clock.advance(2_000);
      expect(cache.state("c1")).toBe("active");
    });

    it("gives up a call after its budget, also when the source ignores the signal", async () => {
      const { cache, source, clock } = start({ maxParallelFetches: 1 });
      source.put("db");
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.isHeld = false;
      cache.addContainer(ref("c2", "db"));
      await clock.advance(4_999);
      expect(cache.state("c2")).toBe("pending");
      await clock.advance(1);
      expect(source.calls[0]?.signal.aborted).toBe(true);
      expect(cache.state("c2")).toBe("active");
      expect([...cache.containers()][0]?.reason).toBe("the profile store took longer than 5000 ms");
    });

    it("holds up no end of grace behind slow fetches [cache W8]", async () => {
      const { cache, source, clock } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      source.isHeld = true;
      for (let index = 0; index < 20; index += 1) cache.addContainer(ref(`s${index}`, `s${index}`));
      await clock.advance(9_999);
      expect(cache.state("c1")).toBe("grace");
      await clock.advance(1);
      expect(cache.state("c1")).toBeUndefined();
    });

    it("holds up no first fetch behind refreshes that are slow, however many wait [cache W8]", async () => {
      const { cache, source, clock } = start({ maxParallelFetches: 2 });
      for (let index = 0; index < 50; index += 1) {
        source.put(`p${index}`);
        cache.addContainer(ref(`c${index}`, `p${index}`));
      }
      await clock.advance(0);
      source.isHeld = true;
      source.calls.length = 0;
      await clock.advance(TICK_MS);
      // A place is kept free of refreshes.
      expect(source.calls.map(({ key }) => key)).toEqual(["shop/p0"]);
      source.put("new");
      cache.addContainer(ref("new", "new"));
      await clock.advance(0);
      expect(source.calls.map(({ key }) => key)).toEqual(["shop/p0", "shop/new"]);
      source.calls[1]?.resolve(source.objects.get("shop/new"));
      await clock.advance(0);
      expect(cache.state("new")).toBe("active");
    });

    it("has first fetches before what is tried again, and that before refreshes [cache W8]", async () => {
      const { cache, source, clock } = start({ maxParallelFetches: 1 });
      for (const name of ["a", "b", "c"]) {
        source.put(name);
        cache.addContainer(ref(name, name));
      }
      await clock.advance(0);
      source.isHeld = true;
      source.calls.length = 0;
      await clock.advance(TICK_MS);
      cache.profileWritten("shop", "c");
      cache.addContainer(ref("new", "new"));
      const order: (string | undefined)[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const call = source.calls.at(-1);
        order.push(call?.key);
        call?.resolve(source.objects.get(call.key));
        await clock.advance(0);
      }
      expect(order).toEqual(["shop/a", "shop/new", "shop/c", "shop/b"]);
    });
  });
});
