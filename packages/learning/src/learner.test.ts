import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open } from "../test/learner-bench.ts";

describe("Learner", () => {
  it("reports first after the initial delay, then each period when there is something new [learning life]", async () => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh", "-c"), open("/etc/hosts"));
    await bench.clock.advance(1_999);
    expect(bench.store.writes).toEqual([]);
    expect(bench.view(web)?.state).toBe("initializing");
    await bench.clock.advance(1);
    expect(bench.store.writes).toEqual(["p ready"]);
    expect(bench.view(web)?.state).toBe("ready");
    await bench.clock.advance(30_000);
    expect(bench.store.calls).toBe(1);
    bench.record(web, exec("/bin/ls", "-l"));
    await bench.clock.advance(0);
    expect(bench.store.writes).toEqual(["p ready", "p ready"]);
    bench.record(web, exec("/bin/cat", "x"));
    await bench.clock.advance(9_999);
    expect(bench.store.calls).toBe(2);
    await bench.clock.advance(1);
    expect(bench.store.calls).toBe(3);
    const profile = bench.store.get("p");
    expect(profile?.spec.execs.map(({ path, args }) => [path, args])).toEqual([
      ["/bin/cat", ["/bin/cat", "x"]],
      ["/bin/ls", ["/bin/ls", "-l"]],
      ["/bin/sh", ["/bin/sh", "-c"]],
    ]);
    await bench.clock.advance(100_000);
    expect(profileStatus(bench.store.get("p")!)).toEqual({ status: "completed", completion: "complete" });
    expect(bench.clock.pendingTimers).toBe(0);
  });
});
