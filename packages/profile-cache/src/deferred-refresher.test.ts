import { describe, expect, it } from "vitest";

import { ref, start } from "../test/cache-fixture.ts";

describe("DeferredRefresher", () => {
  it("waits for profiles that were asked for before it is there", async () => {
    const { cache, source, clock } = start();
    source.put("web");
    cache.addContainer(ref("c1", "web"));
    expect([cache.isKnown("c1"), cache.state("c1"), source.calls.length]).toEqual([false, "pending", 0]);
    const known = cache.waitUntilKnown({ signal: new AbortController().signal });
    await clock.advance(0);
    await known;
    expect(cache.state("c1")).toBe("active");
  });

  it("fetches for a container that left before it is there, until its grace is over", async () => {
    const { cache, source, clock } = start();
    source.put("web");
    cache.addContainer(ref("c1", "web"));
    cache.removeContainer("c1");
    await clock.advance(0);
    expect([cache.state("c1"), cache.get("c1")?.name]).toEqual(["grace", "web"]);
    await clock.advance(10_000);
    expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("counts every container that came before it is there", async () => {
    const { cache, source, clock } = start();
    source.put("web");
    for (const id of ["c1", "c2", "c3"]) cache.addContainer(ref(id, "web"));
    cache.removeContainer("c2");
    await clock.advance(0);
    expect(source.calls).toHaveLength(1);
    cache.removeContainer("c1");
    await clock.advance(60_000 * 1.1);
    expect([cache.size, source.calls.length]).toEqual([1, 2]);
    cache.removeContainer("c3");
    await clock.advance(60_000 * 1.1);
    expect([cache.size, source.calls.length, clock.pendingTimers]).toEqual([0, 2, 0]);
  });

  it("fetches nothing for what was forgotten before it is there", async () => {
    const { cache, source, clock } = start({ graceMs: 0 });
    cache.addContainer(ref("c1", "web"));
    cache.removeContainer("c1");
    await clock.advance(0);
    expect([source.calls.length, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("ends with the signal, with and without a container", async () => {
    const idle = start();
    await idle.stop();
    const busy = start();
    busy.cache.addContainer(ref("c1", "web"));
    await busy.stop();
    expect([busy.source.calls.length, busy.clock.pendingTimers]).toEqual([0, 0]);
  });
});
