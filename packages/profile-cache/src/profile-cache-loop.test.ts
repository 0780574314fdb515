import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { describe, expect, it } from "vitest";

import { CountingMetrics, FakeSource, TICK_MS, ref, start } from "../test/cache-fixture.ts";
import { ProfileCache, type ProfileCacheChange } from "./profile-cache.ts";

describe("ProfileCache", () => {
  describe("when idle", () => {
    it("has no timer without a container", async () => {
      const { cache, source, clock } = start();
      await clock.advance(0);
      expect(clock.pendingTimers).toBe(0);
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect(clock.pendingTimers).toBe(0);
    });

    it("has one timer, a minute or more away, when every profile is there", async () => {
      const { cache, source, clock } = start();
      for (const id of ["c1", "c2", "c3"]) {
        source.put(id);
        cache.addContainer(ref(id, id));
      }
      await clock.advance(0);
      expect(clock.pendingTimers).toBe(1);
      for (let tick = 1; tick <= 3; tick += 1) {
        await clock.advance(TICK_MS);
        expect(clock.pendingTimers).toBe(1);
        expect(clock.nextTimerInMs).toBe(TICK_MS);
      }
    });

    it("adds up to a tenth to the tick at random [cache W16]", async () => {
      const { cache, source, clock } = start({ random: () => 0.999 });
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect(clock.nextTimerInMs).toBeGreaterThan(1.09 * TICK_MS);
      expect(clock.nextTimerInMs).toBeLessThan(1.1 * TICK_MS);
    });
  });

  describe("run", () => {
    it("fetches what was added before it started", async () => {
      const source = new FakeSource();
      source.put("web");
      const clock = new ManualClock();
      const cache = new ProfileCache({
        source,
        clock,
        logger: noopLogger,
        metrics: new CountingMetrics(),
        maxEntries: 10,
      });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect(source.calls).toEqual([]);
      const controller = new AbortController();
      const running = cache.run({ signal: controller.signal });
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
      controller.abort();
      await running;
    });

    it("ends with its signal, aborts what is under way and leaves no timer", async () => {
      const { cache, source, clock, stop } = start();
      source.put("db");
      cache.addContainer(ref("c2", "db"));
      await clock.advance(0);
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      await stop();
      expect(source.calls[1]?.signal.aborted).toBe(true);
      expect(clock.pendingTimers).toBe(0);
      cache.addContainer(ref("c3", "other"));
      await clock.advance(TICK_MS);
      expect(source.calls).toHaveLength(2);
      expect(cache.get("c2")?.name).toBe("db");
    });

    it("can run again afterwards, but not twice at a time", async () => {
      const { cache, source, clock, stop } = start();
      await expect(cache.run({ signal: new AbortController().signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_PROFILE_CACHE_RUNNING",
      });
      await stop();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      const controller = new AbortController();
      const again = cache.run({ signal: controller.signal });
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
      controller.abort();
      await again;
    });
  });

  describe("onChange", () => {
    it("reports profiles that come, change and go, for running containers", async () => {
      const { cache, source, clock } = start();
      const changes: ProfileCacheChange[] = [];
      const remove = cache.onChange((change) => changes.push(change));
      source.put("web", { syscalls: ["read"] });
      cache.addContainer(ref("c1", "web"));
      cache.addContainer(ref("c2", "web"));
      await clock.advance(0);
      cache.addContainer(ref("c3", "web"));
      cache.removeContainer("c2");
      source.put("web", { syscalls: ["write"] });
      await clock.advance(TICK_MS);
      source.objects.clear();
      await clock.advance(TICK_MS);
      expect(
        changes.map((change) => [
          change.containerId,
          ["read", "write"].find((name) => change.profile?.content.usesSyscall(name)),
        ]),
      ).toEqual([
        ["c1", "read"],
        ["c2", "read"],
        ["c3", "read"],
        ["c1", "write"],
        ["c3", "write"],
        ["c1", undefined],
        ["c3", undefined],
      ]);
      remove();
      source.put("web");
      await clock.advance(TICK_MS);
      expect(changes).toHaveLength(7);
    });

    it("survives a listener that throws", async () => {
      const { cache, source, clock, lines } = start();
      cache.onChange(() => {
        throw new Error("boom");
      });
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
      expect(lines).toMatchObject([{ level: "error", fields: { containerId: "c1" } }]);
    });
  });

  describe("isKnown", () => {
    it("is true once the store has answered, whatever the answer, and for containers that are not there", async () => {
      const { cache, source, clock } = start();
      const known: string[] = [];
      cache.onKnown((containerId) => known.push(containerId));
      source.put("web");
      source.put("learning", {}, "ready");
      for (const name of ["web", "learning", "missing"]) cache.addContainer(ref(name, name));
      expect(["web", "learning", "missing", "nobody"].map((id) => cache.isKnown(id))).toEqual([
        false,
        false,
        false,
        true,
      ]);
      await clock.advance(0);
      expect(["web", "learning", "missing"].map((id) => cache.isKnown(id))).toEqual([true, true, true]);
      await clock.advance(3 * TICK_MS);
      expect(known).toEqual(["web", "learning", "missing"]);
    });

    it("stays false while the store fails for now, and is true when the object can never be read", async () => {
      const { cache, source, clock } = start();
      source.failure = new Error("connection refused");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(1_000);
      expect(cache.isKnown("c1")).toBe(false);
      source.failure = Object.assign(new Error("not a profile"), { retryable: false });
      await clock.advance(1_000);
      expect(cache.isKnown("c1")).toBe(true);
      expect(cache.state("c1")).toBe("pending");
    });

    it("becomes true when the container is forgotten before the store answered", async () => {
      const { cache, source, clock } = start();
      const known: string[] = [];
      const remove = cache.onKnown((containerId) => known.push(containerId));
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      await clock.advance(9_999);
      expect(known).toEqual([]);
      await clock.advance(1);
      expect(known).toEqual(["c1"]);
      remove();
    });
  });

  describe("hasProfile", () => {
    it("is true in grace too, and counts no look-up", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      expect(cache.hasProfile("c1")).toBe(false);
      cache.removeContainer("c1");
      await clock.advance(0);
      expect([cache.state("c1"), cache.hasProfile("c1"), cache.hasProfile("c2")]).toEqual(["grace", true, false]);
      expect([metrics.read("lookups_total", "hit"), metrics.read("lookups_total", "miss")]).toEqual([0, 0]);
    });
  });

  describe("onKnown", () => {
    it("reports a container that is moved to a profile that is known already", async () => {
      const { cache, source, clock } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.isHeld = true;
      cache.addContainer(ref("c2", "slow"));
      await clock.advance(0);
      const known: string[] = [];
      cache.onKnown((containerId) => known.push(containerId));
      cache.addContainer(ref("c2", "web"));
      expect([known, cache.isKnown("c2")]).toEqual([["c2"], true]);
    });
  });

  describe("waitUntilKnown", () => {
    it("resolves when no container waits for a first answer", async () => {
      const { cache, source, clock } = start();
      const { signal } = new AbortController();
      await cache.waitUntilKnown({ signal });
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      cache.addContainer(ref("c2", "db"));
      let isOver = false;
      const waiting = cache.waitUntilKnown({ signal }).then(() => (isOver = true));
      await clock.advance(0);
      source.calls[0]?.resolve(undefined);
      await clock.advance(0);
      expect(isOver).toBe(false);
      source.calls[1]?.resolve(undefined);
      await clock.advance(0);
      expect(await waiting).toBe(true);
      await cache.waitUntilKnown({ signal });
    });

    it("ends with its signal", async () => {
      const { cache } = start();
      cache.addContainer(ref("c1", "web"));
      const controller = new AbortController();
      const reason = new Error("stop");
      const waiting = cache.waitUntilKnown({ signal: controller.signal });
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });
  });

  it("counts look-ups and containers by state [cache-test TestGetContainerProfile_Miss]", async () => {
    const { cache, source, clock, metrics } = start();
    source.put("web");
    cache.addContainer(ref("c1", "web"));
    cache.addContainer(ref("c2", "missing"));
    cache.addContainer(ref("c3", "web"));
    await clock.advance(0);
    cache.removeContainer("c3");
    cache.get("c1");
    cache.get("c1");
    cache.get("c2");
    cache.get("nobody");
    expect(metrics.read("lookups_total", "hit")).toBe(2);
    expect(metrics.read("lookups_total", "miss")).toBe(2);
    expect(["active", "pending", "grace"].map((state) => metrics.read("containers", state))).toEqual([1, 1, 1]);
    expect(["wanted", "held", "distinct"].map((kind) => metrics.read("profiles", kind))).toEqual([2, 1, 1]);
  });
});
