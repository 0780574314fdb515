import type { IdentifiedCallStack } from "@kinglet/profile";
import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";
import { compileProjectionSpec } from "./compile-projection-spec.ts";

const spec = { opens: [{ path: "/etc/hosts" }, { path: "/tmp/x" }], syscalls: ["read"] };
const onlyEtc = [{ opens: [{ prefix: "/etc" }] }];
const { hash } = compileProjectionSpec(onlyEtc);

describe("ProfileCache", () => {
  describe("setProfileDataRequired", () => {
    it("has every profile made again at once, and counts those that are not yet [cache-test TestSpecChange_TriggersReprojection]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", spec);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.isHeld = true;
      cache.setProfileDataRequired(onlyEtc);
      await clock.advance(0);
      expect([cache.get("c1") === before, metrics.read("profiles", "outdated")]).toEqual([true, 1]);
      for (const call of source.open) call.resolve(source.objects.get(call.key));
      await clock.advance(0);
      const after = cache.get("c1")?.content;
      expect([after?.wasOpened("/etc/hosts"), after?.wasOpened("/tmp/x"), after?.usesSyscall("read")]).toEqual([
        true,
        false,
        true,
      ]);
      expect([after?.projectionHash, after?.checksum === before?.checksum]).toEqual([hash, true]);
      expect([metrics.read("profiles", "outdated"), metrics.read("profiles", "distinct")]).toEqual([0, 1]);
      expect(source.calls).toHaveLength(2);
    });

    it("asks a store that fails again in its time, and takes effect when it answers", async () => {
      const { cache, source, clock } = start();
      source.put("web", spec);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.failures.set("shop/web", new Error("down"));
      cache.setProfileDataRequired(onlyEtc);
      await clock.advance(1_000);
      expect(source.calls.length).toBeLessThanOrEqual(3);
      await clock.advance(10 * TICK_MS);
      expect(source.calls.length).toBeLessThanOrEqual(20);
      expect(cache.get("c1")?.content.wasOpened("/tmp/x")).toBe(true);
      source.failures.clear();
      await clock.advance(2 * TICK_MS);
      expect(cache.get("c1")?.content.projectionHash).toBe(hash);
    });

    it("shows nothing that lacks what the new rules ask for: pending, unknown and with the reason until it is fetched again", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", spec);
      cache.setProfileDataRequired(onlyEtc);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const [known, changes]: [string[], (string | undefined)[]] = [[], []];
      cache.onKnown((id) => known.push(id));
      cache.onChange(({ profile }) => changes.push(profile?.content.projectionHash));
      source.failures.set("shop/web", new Error("down"));
      cache.setProfileDataRequired([{ opens: [{ prefix: "/" }] }]);
      expect([cache.get("c1"), cache.state("c1"), cache.isKnown("c1")]).toEqual([undefined, "pending", false]);
      expect([...cache.containers()][0]?.reason).toMatch(/rules ask for more than was kept/);
      await clock.advance(0);
      expect([cache.state("c1"), cache.isKnown("c1"), [...cache.containers()][0]?.reason]).toEqual([
        "pending",
        false,
        "down",
      ]);
      const waiting = cache.waitUntilKnown({ signal: new AbortController().signal });
      source.failures.clear();
      await clock.advance(TICK_MS);
      await waiting;
      expect(cache.get("c1")?.content.wasOpened("/tmp/x")).toBe(true);
      expect([cache.isKnown("c1"), known, changes.length, changes[0]]).toEqual([true, ["c1"], 2, undefined]);
      expect(metrics.read("evictions_total", "profile_deleted")).toBe(0);
    });

    it("keeps what answers all that the new rules ask for, while the store fails", async () => {
      const { cache, source, clock } = start();
      source.put("web", spec);
      cache.setProfileDataRequired(onlyEtc);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      source.failures.set("shop/web", new Error("down"));
      cache.setProfileDataRequired([{ opens: [{ exact: "/etc/hosts" }, { prefix: "/etc/ssl/" }] }]);
      await clock.advance(TICK_MS);
      expect([cache.get("c1") === before, cache.isKnown("c1")]).toEqual([true, true]);
    });

    it("takes a profile back that is being learned again when its last final content lacks what the new rules ask for", async () => {
      const { cache, source, clock } = start();
      source.put("web", spec);
      cache.setProfileDataRequired(onlyEtc);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      source.put("web", spec, "ready");
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("active");
      cache.setProfileDataRequired([{ opens: [{ exact: "/etc/hosts" }] }]);
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("active");
      cache.setProfileDataRequired([{ opens: "all" }]);
      await clock.advance(TICK_MS);
      expect([cache.get("c1"), cache.isKnown("c1")]).toEqual([undefined, true]);
      expect([...cache.containers()][0]?.reason).toBe('the profile\'s status is "ready"');
      source.put("web", spec);
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.content.wasOpened("/tmp/x")).toBe(true);
    });

    it("with the same hash changes nothing and asks nothing", async () => {
      const { cache, source, clock } = start();
      source.put("web", spec);
      cache.setProfileDataRequired(onlyEtc);
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      const before = cache.get("c1");
      cache.setProfileDataRequired([undefined, { opens: [{ prefix: "/etc" }] }]);
      await clock.advance(0);
      expect([cache.get("c1") === before, source.calls.length]).toEqual([true, 1]);
    });

    it("that comes while a profile is fetched is the one it is made with", async () => {
      const { cache, source, clock } = start();
      const stored = source.put("web", spec);
      source.isHeld = true;
      cache.addContainer(ref("c1", "web"));
      await clock.advance(0);
      cache.setProfileDataRequired(onlyEtc);
      source.calls[0]?.resolve(stored);
      await clock.advance(0);
      expect(cache.get("c1")?.content.projectionHash).toBe(hash);
      cache.setProfileDataRequired([]);
      cache.setProfileDataRequired(onlyEtc);
      cache.setProfileDataRequired([]);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const call of source.open) call.resolve(stored);
        await clock.advance(0);
      }
      expect(cache.get("c1")?.content.wasOpened("/tmp/x")).toBe(true);
    });
  });

  it("gives another object and another key whenever an answer could be another [cache W10]", async () => {
    const { cache, source, clock } = start();
    source.put("web", spec);
    cache.addContainer(ref("c1", "web"));
    await clock.advance(0);
    const seen = [cache.get("c1")];
    source.put("web", { ...spec, syscalls: ["write"] });
    await clock.advance(TICK_MS);
    seen.push(cache.get("c1"));
    cache.setProfileDataRequired(onlyEtc);
    await clock.advance(0);
    seen.push(cache.get("c1"));
    expect(new Set(seen).size).toBe(3);
    expect(new Set(seen.map((held) => `${held?.checksum}/${held?.content.projectionHash}`)).size).toBe(3);
  });

  it("keeps the tops of a call stack apart, each with its own chain [cache W15]", async () => {
    const { cache, source, clock } = start();
    const frame = (fileID: string, ...children: object[]) => ({
      frame: { fileID, lineno: "1", frameType: 0 },
      children,
    });
    const root = {
      frame: { fileID: "", lineno: "", frameType: 0 },
      children: [frame("a", frame("b")), frame("c", frame("d"))],
    };
    source.put("web", {
      identifiedCallStacks: [{ callID: "r1", callStack: { root } } as unknown as IdentifiedCallStack],
    });
    cache.addContainer(ref("c1", "web"));
    await clock.advance(0);
    const index = cache.get("c1")?.content.callStackIndex;
    expect(index?.roots("r1").map((top) => top.frame.fileID)).toEqual(["a", "c"]);
    expect(index?.paths("r1").map((path) => path.map((one) => one.fileID).join(">"))).toEqual(["a>b", "c>d"]);
    expect(index?.roots("r1").map((top) => top.parent)).toEqual([undefined, undefined]);
    expect(cache.get("c1")?.content.callStackIndex).toBe(index);
  });

  describe("maxProfileBytes", () => {
    it("leaves containers of what does not fit pending, with the reason and one warning, until there is room", async () => {
      const { cache, source, clock, metrics, lines } = start({ maxProfileBytes: 4_500 });
      for (const name of ["p1", "p2", "p3"]) {
        source.put(name, { syscalls: [`syscall-of-${name}`] });
        cache.addContainer(ref(name, name));
      }
      await clock.advance(3 * TICK_MS);
      expect(["p1", "p2", "p3"].map((name) => cache.state(name))).toEqual(["active", "active", "pending"]);
      expect([...cache.containers()][2]?.reason).toBe("there is no room for the profile in the cache");
      expect(metrics.read("content_bytes")).toBeLessThanOrEqual(4_500);
      expect(lines.filter((line) => line.level === "warn")).toHaveLength(1);
      cache.removeContainer("p1");
      await clock.advance(2 * TICK_MS);
      expect(cache.state("p3")).toBe("active");
      source.put("p3", { syscalls: ["another"] });
      await clock.advance(TICK_MS);
      expect(cache.get("p3")?.content.usesSyscall("another")).toBe(true);
    });
  });
});
