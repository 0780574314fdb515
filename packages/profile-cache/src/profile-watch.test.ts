import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, ref, start } from "../test/cache-fixture.ts";
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
