import { describe, expect, it } from "vitest";

import { FakeSource, TICK_MS, labelled, ref, start } from "../test/cache-fixture.ts";
import { WatchedSource } from "../test/fake-watch.ts";

function watched() {
  const source = new WatchedSource();
  const bench = start({ source });
  return { ...bench, source };
}

describe("ProfileCache", () => {
  describe("with a metadata watch", () => {
    it("asks nothing while nothing changes, not even for what is missing [cache W9]", async () => {
      const { cache, source, clock } = watched();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      cache.addContainer(ref("c2", "missing"));
      cache.addContainer(labelled("c3"));
      await clock.advance(0);
      source.report("added", "web");
      source.handler?.synced();
      await clock.advance(0);
      source.calls.length = 0;
      await clock.advance(20 * TICK_MS);
      expect(source.calls).toEqual([]);
      expect(clock.pendingTimers).toBe(1);
    });

    it("follows what is added, modified and deleted at once, with one request each", async () => {
      const { cache, source, clock } = watched();
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.handler?.synced();
      source.calls.length = 0;
      source.put("web", { syscalls: ["read"] });
      source.report("added", "web");
      await clock.advance(0);
      expect(cache.get("c1")?.content.usesSyscall("read")).toBe(true);
      source.put("web", { syscalls: ["write"] });
      source.report("modified", "web");
      source.report("modified", "web");
      await clock.advance(0);
      expect(cache.get("c1")?.content.usesSyscall("write")).toBe(true);
      source.objects.clear();
      source.report("deleted", "web");
      await clock.advance(0);
      expect(cache.state("c1")).toBe("pending");
      source.report("modified", "other");
      await clock.advance(TICK_MS);
      expect(source.calls.length).toBeLessThanOrEqual(4);
    });

    it("finds out what was deleted before anybody watched", async () => {
      const { cache, source, clock } = watched();
      source.put("web");
      source.put("db");
      for (const name of ["web", "db"]) cache.addContainer(ref(name, name));
      await clock.advance(0);
      source.objects.delete("shop/web");
      source.report("added", "db");
      source.handler?.synced();
      await clock.advance(0);
      expect([cache.state("web"), cache.state("db"), source.callsOf("shop/db")]).toEqual(["pending", "active", 1]);
    });

    it("sees the change that comes while the fetch of an older version is under way", async () => {
      const { cache, source, clock } = watched();
      const old = source.put("web", { syscalls: ["read"] });
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.handler?.synced();
      source.put("web", { syscalls: ["write"] });
      source.report("modified", "web");
      source.isHeld = false;
      source.calls[0]?.resolve(old);
      await clock.advance(0);
      expect(cache.get("c1")?.content.usesSyscall("write")).toBe(true);
    });

    it("brings an overlay that appears, with the base it goes over", async () => {
      const { cache, source, clock } = watched();
      source.put("web", { syscalls: ["read"] });
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      source.handler?.synced();
      source.calls.length = 0;
      source.putAp("ug-deploy-web", { web: { syscalls: ["write"] } });
      source.report("added", "ug-deploy-web", "ApplicationProfile");
      await clock.advance(0);
      expect(cache.get("c1")?.content.usesSyscall("write")).toBe(true);
      expect(source.calls.map((call) => call.key)).toEqual(["ApplicationProfile/shop/ug-deploy-web", "shop/web"]);
    });

    it("goes back to asking at each tick while the watch is lost, and when it fails for good", async () => {
      const { cache, source, clock, lines } = watched();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.report("added", "web");
      source.handler?.synced();
      source.handler?.lost("connection reset");
      source.calls.length = 0;
      await clock.advance(2 * TICK_MS);
      expect(source.calls).toHaveLength(2);
      source.handler?.synced();
      await clock.advance(2 * TICK_MS);
      expect(source.calls).toHaveLength(2);
      source.fail(new Error("forbidden"));
      await clock.advance(2 * TICK_MS);
      expect(source.calls).toHaveLength(4);
      expect(lines).toMatchObject([{ level: "warn", fields: { error: expect.any(Error) } }]);
    });

    it("still tries again what could not be fetched", async () => {
      const { cache, source, clock } = watched();
      source.put("web");
      source.failure = new Error("refused");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.handler?.synced();
      source.failure = undefined;
      await clock.advance(6_000);
      expect(cache.state("c1")).toBe("active");
    });

    it("is not used when it is switched off", async () => {
      const source = new WatchedSource();
      start({ source, watchesMetadata: false });
      expect(source.handler).toBeUndefined();
    });
  });
});

describe("ProfileCache", () => {
  describe("when it is full", () => {
    const opens = (prefix: string, count: number) => ({
      opens: Array.from({ length: count }, (_, index) => ({ path: `/${prefix}/file-${index}` })),
    });
    /** Room for about one of the large profiles; `isWatched`: nothing is asked unless something changed. */
    const full = async (isWatched: boolean) => {
      const source = isWatched ? new WatchedSource() : new FakeSource();
      const bench = start({ source, maxProfileBytes: 12_000 });
      const report = (name: string): void => {
        if (source instanceof WatchedSource) source.report("modified", name);
      };
      const synced = async (): Promise<void> => {
        await bench.clock.advance(0);
        if (!(source instanceof WatchedSource)) return;
        for (const key of source.objects.keys()) source.report("added", key.slice("shop/".length));
        source.handler?.synced();
        await bench.clock.advance(0);
      };
      return { ...bench, source, report, synced };
    };

    it.each([true, false])("a profile that does not fit comes once there is room (watched: %j)", async (isWatched) => {
      const { cache, source, clock, metrics, lines, synced } = await full(isWatched);
      source.put("big", opens("big", 350));
      source.put("other", opens("other", 350));
      cache.addContainer(ref("c1", "big"));
      await synced();
      cache.addContainer(ref("c2", "other"));
      cache.addContainer(ref("c3", "other"));
      await synced();
      expect([...cache.containers()].slice(1)).toMatchObject([
        { state: "pending", reason: "there is no room for the profile in the cache", isStale: false },
        { state: "pending" },
      ]);
      expect(metrics.read("profiles", "without_room")).toBe(1);
      expect(metrics.read("fetches_total", "no_room")).toBeGreaterThanOrEqual(1);
      source.calls.length = 0;
      await clock.advance(5 * TICK_MS);
      expect(source.calls.length).toBe(isWatched ? 0 : 10);
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect([cache.state("c2"), cache.get("c3")?.name]).toEqual(["active", "other"]);
      expect([metrics.read("profiles", "without_room"), lines.filter(({ level }) => level === "warn").length]).toEqual([
        0, 1,
      ]);
      expect([...cache.containers()]).toMatchObject([{ reason: "" }, { reason: "" }]);
    });

    it.each([true, false])(
      "the last good profile stays when the newer one does not fit, and the newer one comes with the room (watched: %j)",
      async (isWatched) => {
        const { cache, source, clock, metrics, report, synced } = await full(isWatched);
        source.put("big", opens("big", 200));
        source.put("web", { syscalls: ["read"] });
        cache.addContainer(ref("c1", "big"));
        cache.addContainer(ref("c2", "web"));
        await synced();
        const before = cache.get("c2");
        source.put("web", opens("web", 350));
        report("web");
        await clock.advance(TICK_MS);
        expect(cache.get("c2")).toBe(before);
        expect([...cache.containers()][1]).toMatchObject({
          state: "active",
          isStale: true,
          reason: "there is no room for the newer profile in the cache",
        });
        expect([metrics.read("profiles", "without_room"), metrics.read("profiles", "stale")]).toEqual([1, 1]);
        expect(metrics.read("evictions_total", "profile_deleted")).toBe(0);
        source.put("big", { syscalls: ["write"] });
        report("big");
        await clock.advance(TICK_MS);
        expect(cache.get("c2")?.content.wasOpened("/web/file-349")).toBe(true);
        expect([...cache.containers()][1]).toMatchObject({ reason: "", isStale: false });
      },
    );

    it("a version that fits takes the place of one that did not", async () => {
      const { cache, source, clock, metrics, report, synced } = await full(true);
      source.put("web", opens("web", 900));
      cache.addContainer(ref("c1", "web"));
      await synced();
      expect(cache.state("c1")).toBe("pending");
      source.put("web", opens("web", 3));
      report("web");
      await clock.advance(0);
      expect([cache.state("c1"), metrics.read("profiles", "without_room")]).toEqual(["active", 0]);
    });

    it("a container that goes waits for no room", async () => {
      const { cache, source, clock, metrics, synced } = await full(true);
      source.put("web", opens("web", 900));
      cache.addContainer(ref("c1", "web"));
      await synced();
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect([metrics.read("profiles", "without_room"), clock.pendingTimers]).toEqual([0, 0]);
    });

    it("a profile whose content is held already needs no room", async () => {
      const { cache, source, synced } = await full(true);
      source.put("web", opens("same", 350));
      source.put("web-2", opens("same", 350));
      cache.addContainer(ref("c1", "web"));
      await synced();
      cache.addContainer(ref("c2", "web-2"));
      await synced();
      expect(cache.get("c2")?.content).toBe(cache.get("c1")?.content);
    });
  });
});
