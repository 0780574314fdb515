import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, ref, start } from "../test/cache-fixture.ts";

const execs = (path: string) => ({ execs: [{ path }] });

describe("ProfileCache", () => {
  describe("userProfiles", () => {
    it.each([
      ["auto", "mine", ["authored"]],
      ["authored", "mine", ["authored"]],
      ["overlays", "web", ["learned", "overlay"]],
      ["none", "web", ["learned"]],
    ] as const)("%s takes %s, which allows %j", async (userProfiles, name, allowed) => {
      const { cache, source, clock } = start({ userProfiles });
      source.put("web", execs("/bin/learned"));
      source.putAp("ug-deploy-web", { web: execs("/bin/overlay") });
      source.author("mine", execs("/bin/authored"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      const held = cache.get("c1");
      expect(held?.name).toBe(name);
      expect(["learned", "overlay", "authored"].filter((one) => held?.content.wasExecuted(`/bin/${one}`))).toEqual(
        allowed,
      );
    });
  });

  it("asks nothing for the host, which has no learned profile, and waits for nothing [cache W11] [cache-test TestContainerCallback_HostContainer]", async () => {
    const { cache, source, clock } = start();
    cache.addContainer({ ...ref("host", ""), namespace: "host" });
    await clock.advance(TICK_MS);
    expect(source.calls).toEqual([]);
    expect([cache.get("host"), cache.isKnown("host")]).toEqual([undefined, true]);
    await cache.waitUntilKnown({ signal: AbortSignal.timeout(1_000) });
    expect(clock.pendingTimers).toBe(1);
  });
});
