import { CapabilityEvent, NetworkEvent } from "@kinglet/enrichment";
import { unobservedSurfaces } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, identityOf, LearnerBench, open, testTimings } from "../test/learner-bench.ts";
import type { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";

const observed = (store: MemoryStore, name = "p"): string | undefined =>
  store.get(name)?.metadata.annotations?.["kinglet.dev/observed-surfaces"];

describe("surfaces that a Learner's sources look at", () => {
  it("are those of which any container had an event, so that an empty list means that nothing happened [learning observed]", async () => {
    await using bench = await LearnerBench.open();
    const other = identityOf("other");
    bench.record(other, new NetworkEvent({ sequence: 1, direction: "egress", address: "10.0.0.1", port: 1 }));
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    expect(bench.view(web)?.observed).toEqual(["egressAddresses", "execs"]);
    // One that is not learned tells it, too, while others are learned.
    bench.record(other, open("/etc/hosts"));
    // A socket that is listened on and a hook of one system call are no evidence.
    bench.record(other, new NetworkEvent({ sequence: 2, direction: "ingress", isListening: true, port: 80 }));
    await bench.clock.advance(testTimings.maxLearningMs);
    const profile = bench.store.get("p")!;
    expect(observed(bench.store)).toBe("egressAddresses,execs,opens");
    expect(profile.spec.opens).toEqual([]);
    expect(unobservedSurfaces(profile)).toEqual([
      "capabilities",
      "egressDomains",
      "endpoints",
      "ingressAddresses",
      "ingressDomains",
      "syscalls",
    ]);
  });

  it("are also those that the options name, before anything of them happened [learning observed]", async () => {
    await using bench = await LearnerBench.open({ observed: ["execs", "opens", "ingressAddresses", "ingressDomains"] });
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(testTimings.initialDelayMs);
    expect(observed(bench.store)).toBe("execs,ingressAddresses,ingressDomains,opens");
  });

  it("are written when one is seen for the first time, and never again for that [learning observed] [learning idle]", async () => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(testTimings.initialDelayMs);
    const capability = new CapabilityEvent({ sequence: 1, capability: "SYS_ADMIN" });
    bench.record(identityOf("other"), capability, capability);
    await bench.clock.advance(testTimings.updatePeriodMs);
    expect(observed(bench.store)).toBe("capabilities,execs");
    const { calls } = bench.store;
    bench.record(identityOf("other"), capability);
    await bench.clock.advance(3 * testTimings.updatePeriodMs);
    expect(bench.store.calls).toBe(calls);
  });

  it("are united by sensors that see different ones, and outlive a kill [learning observed] [learning join]", async () => {
    const files = new ModelFiles();
    const first = await openOn(files);
    const web = first.start("a");
    first.record(web, exec("/bin/sh"), open("/etc/hosts"));
    await first.clock.advance(testTimings.persistDelayMs);
    await using second = await openOn(files, first);
    const again = second.start("a");
    second.record(again, exec("/bin/sh"));
    await second.clock.advance(testTimings.updatePeriodMs);
    expect(observed(first.store)).toBe("execs,opens");
    await using other = await LearnerBench.open({ store: first.store });
    const replica = other.start("b");
    other.record(replica, new CapabilityEvent({ sequence: 1, capability: "SYS_ADMIN" }));
    await other.clock.advance(testTimings.initialDelayMs);
    expect(observed(first.store)).toBe("capabilities,execs,opens");
  });
});
