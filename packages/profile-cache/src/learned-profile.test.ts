import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";

describe("ProfileCache", () => {
  describe("a learned profile", () => {
    it("that is final but partial is used for every container, from the first look on [cache-test TestPartialCP_NonPreRunning_StaysPending] [cache-test TestPartialCP_PreRunning_Accepted] [cache-test TestPartialCP_Accepted]", async () => {
      const { cache, source, clock } = start();
      const stored = source.put("web");
      const annotations = { ...stored.metadata.annotations, "kubescape.io/completion": "partial" };
      source.objects.set("shop/web", { ...stored, metadata: { ...stored.metadata, annotations } });
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      expect(cache.get("c1")).toMatchObject({ status: "completed", completion: "partial" });
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("active");
    });

    // The same as detection enforces: see create-detector.test.ts there.
    it.each([
      ["completed", "active"],
      ["too-large", "active"],
      ["ready", "pending"],
      ["initializing", "pending"],
      ["failed", "pending"],
      ["incomplete", "pending"],
      ["unauthorize", "pending"],
      ["missing-runtime", "pending"],
      ["unsupported-schema", "pending"],
      ["", "pending"],
    ])(
      "with the status %j makes the container %s [cache W4] [cache-test TestTooLargeCP_Accepted]",
      async (status, state) => {
        const { cache, source, clock } = start();
        source.put("web", {}, status);
        cache.addContainer(ref("c1", "web"));
        await clock.advance(0);
        const why = status === "" ? "the profile has no status" : `the profile's status is ${JSON.stringify(status)}`;
        expect([...cache.containers()]).toMatchObject([{ state, reason: state === "active" ? "" : why }]);
      },
    );

    it("tells which surfaces nobody looked at, also when that alone changes [cache observed]", async () => {
      const { cache, source, clock } = start();
      const looked = (text: string): void => {
        const stored = source.put("web", { execs: [{ path: "/bin/a" }] });
        const annotations = { ...stored.metadata.annotations, "kinglet.dev/observed-surfaces": text };
        source.objects.set("shop/web", { ...stored, metadata: { ...stored.metadata, annotations } });
      };
      looked("egressAddresses,egressDomains,endpoints,execs,ingressAddresses,ingressDomains,syscalls");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const first = cache.get("c1");
      expect(first?.unobserved).toEqual(["capabilities", "opens"]);
      looked(
        "capabilities,egressAddresses,egressDomains,endpoints,execs,ingressAddresses,ingressDomains,opens,syscalls",
      );
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.unobserved).toEqual([]);
      expect(cache.get("c1")?.content).toBe(first?.content);
      expect(cache.get("c1")).not.toBe(first);
    });

    it("that is not final is fetched once at each look, although its content is not kept", async () => {
      const { cache, source, clock } = start();
      source.put("web", {}, "ready");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const looks = source.calls.length;
      await clock.advance(2_000);
      expect(source.calls.length).toBe(looks + 1);
    });

    it("is fetched at once when its learner says that it is written [cache-test TestNotifyContainerTerminal_Completed]", async () => {
      const { cache, source, clock } = start();
      cache.addContainer(ref("c1", "web"));
      await clock.advance(40_000);
      source.put("web");
      cache.profileWritten("shop", "web");
      cache.profileWritten("shop", "other");
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
    });

    it("that is not there yet when its learner says so is tried again soon [cache-test TestNotifyContainerTerminal_TooLarge]", async () => {
      const { cache, source, clock } = start();
      cache.addContainer(ref("c1", "web"));
      await clock.advance(40_000);
      cache.profileWritten("shop", "web");
      await clock.advance(0);
      source.put("web", {}, "too-large");
      await clock.advance(2_000);
      expect(cache.state("c1")).toBe("active");
    });

    it("is fetched once more when its learner says so during a fetch", async () => {
      const { cache, source, clock } = start();
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.isHeld = false;
      cache.profileWritten("shop", "web");
      source.put("web");
      source.calls[0]?.resolve(undefined);
      await clock.advance(0);
      expect(cache.state("c1")).toBe("active");
    });

    it("whose fetch blocks does not hold up the end of the cache [cache-test TestRefreshHonorsContextCancellationMidRPC]", async () => {
      const { cache, source, clock, stop } = start();
      source.put("web");
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.isHeld = true;
      await clock.advance(TICK_MS);
      await stop();
      expect(source.calls.at(-1)?.signal.aborted).toBe(true);
      expect(cache.get("c1")).toBe(before);
    });
  });
});
