import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";

describe("ProfileCache", () => {
  describe("removal", () => {
    it("keeps the profile for the grace period [cache W12] [cache-test TestDeleteContainer_LockAndCleanup] [cache-test TestProjectedProfile_SurvivesContainerRemovalGrace] [cache-test TestProjectedProfile_EvictedAfterRemovalGrace]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      cache.removeContainer("c1");
      cache.removeContainer("c1");
      expect(cache.state("c1")).toBe("grace");
      await clock.advance(9_999);
      expect(cache.get("c1")).toBe(before);
      await clock.advance(1);
      expect(cache.get("c1")).toBeUndefined();
      expect(cache.state("c1")).toBeUndefined();
      expect(metrics.read("evictions_total", "container_removed")).toBe(1);
      expect(metrics.read("profiles", "distinct")).toBe(0);
    });

    it("ends at once without a grace period", async () => {
      const { cache, source, clock } = start({ graceMs: 0 });
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      expect(cache.size).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });

    it("lets a first fetch under way bring the profile for the rest of the grace period, and no longer [cache W5]", async () => {
      const { cache, source, clock, metrics } = start();
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      source.calls[0]?.resolve(source.put("web"));
      await clock.advance(0);
      expect(cache.get("c1")?.name).toBe("web");
      expect(cache.state("c1")).toBe("grace");
      await clock.advance(10_000);
      expect(cache.get("c1")).toBeUndefined();
      expect(cache.size).toBe(0);
      expect(clock.pendingTimers).toBe(0);
      expect(metrics.read("profiles", "distinct")).toBe(0);
    });

    it("aborts the fetch at the end of the grace period; its late answer resurrects nothing [cache W5] [cache-test TestRefreshDoesNotResurrectDeletedEntry]", async () => {
      const { cache, source, clock, metrics } = start({ callTimeoutMs: 60_000 });
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect(source.calls[0]?.signal.aborted).toBe(true);
      source.calls[0]?.resolve(source.put("web"));
      await clock.advance(0);
      expect(cache.get("c1")).toBeUndefined();
      expect(cache.state("c1")).toBeUndefined();
      expect(cache.size).toBe(0);
      expect(clock.pendingTimers).toBe(0);
      expect(metrics.read("fetches_total", "discarded")).toBe(1);
    });

    it("ends the asking: a removed container's missing profile is not asked for again", async () => {
      const { cache, source, clock } = start();
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      await clock.advance(9_999);
      expect(source.calls).toHaveLength(1);
    });

    it("drops the answer to the first life of a container that is added again meanwhile", async () => {
      const { cache, source, clock } = start({ graceMs: 0 });
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.calls[0]?.resolve(source.put("web", { syscalls: ["old"] }));
      await clock.advance(0);
      expect(cache.state("c1")).toBe("pending");
      source.calls[1]?.resolve(source.put("web", { syscalls: ["new"] }));
      await clock.advance(0);
      expect(cache.get("c1")?.content.usesSyscall("new")).toBe(true);
    });

    it("does not touch the other containers of the profile", async () => {
      const { cache, source, clock } = start();
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      cache.addContainer(ref("c2", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      expect(source.calls[0]?.signal.aborted).toBe(false);
      source.calls[0]?.resolve(source.put("web"));
      await clock.advance(0);
      expect(cache.state("c2")).toBe("active");
      expect(source.calls).toHaveLength(1);
    });

    it("is undone by adding the container again within the grace period", async () => {
      const { cache, source, clock } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.removeContainer("c1");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(10_000);
      expect(cache.state("c1")).toBe("active");
      expect(source.calls).toHaveLength(1);
    });

    it("of an unknown container is nothing", () => {
      const { cache } = start();
      cache.removeContainer("nobody");
      expect(cache.size).toBe(0);
    });
  });

  describe("sharing", () => {
    it("fetches a profile once for all its containers [cache W9] [cache-test TestSharedFastPath_NoOverlay]", async () => {
      const { cache, source, clock } = start();
      source.put("web");
      for (const id of ["c1", "c2", "c3"]) cache.addContainer(ref(id, "web"));
      await clock.advance(TICK_MS);
      expect(source.calls).toHaveLength(2);
      expect(cache.get("c1")).toBe(cache.get("c3"));
    });

    it("keeps one copy of profiles with the same content [cache W13]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web-1", { syscalls: ["read", "write"] });
      source.put("web-2", { syscalls: ["write", "read"] });
      cache.addContainer(ref("c1", "web-1"));
      cache.addContainer(ref("c2", "web-2"));
      await clock.advance(0);
      expect(cache.get("c1")?.content).toBe(cache.get("c2")?.content);
      expect([cache.get("c1")?.name, cache.get("c2")?.name]).toEqual(["web-1", "web-2"]);
      expect(metrics.read("profiles", "distinct")).toBe(1);
      source.put("web-2", { syscalls: ["open"] });
      await clock.advance(TICK_MS);
      expect(metrics.read("profiles", "distinct")).toBe(2);
      cache.removeContainer("c1");
      cache.removeContainer("c2");
      await clock.advance(10_000);
      expect(metrics.read("profiles", "distinct")).toBe(0);
    });

    it("binds a container to another profile when it is added with another name", async () => {
      const { cache, source, clock } = start();
      source.put("web");
      source.put("db", { syscalls: ["read"] });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.addContainer(ref("c1", "db"));
      await clock.advance(0);
      expect(cache.get("c1")?.name).toBe("db");
      expect(cache.size).toBe(1);
    });
  });

  describe("bounds", () => {
    it("runs at most maxParallelFetches fetches at a time [cache W9]", async () => {
      const { cache, source, clock } = start();
      source.isHeld = true;
      for (let index = 0; index < 20; index += 1) cache.addContainer(ref(`c${index}`, `p${index}`));
      await clock.advance(0);
      for (let index = 0; index < 20; index += 1) {
        source.calls[index]?.resolve(undefined);
        await clock.advance(0);
      }
      expect(source.mostOpen).toBe(4);
      expect(source.calls.length).toBeGreaterThanOrEqual(20);
    });

    it("refuses containers over maxEntries, counted and warned about once", async () => {
      const { cache, source, clock, metrics, lines } = start({ maxEntries: 2 });
      source.put("web");
      for (const id of ["c1", "c2", "c3", "c4"]) cache.addContainer(ref(id, "web"));
      await clock.advance(0);
      expect(cache.size).toBe(2);
      expect(cache.state("c3")).toBeUndefined();
      expect(metrics.read("refused_total")).toBe(2);
      expect(lines.filter((line) => line.level === "warn")).toHaveLength(1);
    });

    it("ends the oldest grace period early when room is needed", async () => {
      const { cache, source, clock, metrics } = start({ maxEntries: 2 });
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      cache.addContainer(ref("c2", "web"));
      await clock.advance(0);
      cache.removeContainer("c2");
      await clock.advance(1);
      cache.removeContainer("c1");
      cache.addContainer(ref("c3", "web"));
      expect([cache.state("c1"), cache.state("c2"), cache.state("c3")]).toEqual(["grace", undefined, "active"]);
      expect(metrics.read("evictions_total", "full")).toBe(1);
    });

    it("rejects options out of range", () => {
      for (const options of [
        { maxEntries: 0 },
        { tickIntervalMs: 999 },
        { maxParallelFetches: 0.5 },
        { graceMs: -1 },
      ]) {
        expect(() => start(options)).toThrow(
          expect.objectContaining({ code: "KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION" }),
        );
      }
    });
  });
});
