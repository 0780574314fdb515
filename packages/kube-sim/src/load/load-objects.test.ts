import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { openKubeSim } from "../index.ts";

const COUNTS = {
  nodes: 3,
  pods: 120,
  "deployments.apps": 4,
  services: 4,
  leases: 2,
  events: 5,
  "leases.coordination.k8s.io": 2,
};

describe("loadObjects", () => {
  it("makes the same objects for the same counts and seed, and others for another seed", async () => {
    const { leases: _unknown, ...counts } = COUNTS;
    const loaded = async (seed: number): Promise<string> => {
      await using sim = await openKubeSim({ clock: new ManualClock(), random: () => 0.5 });
      sim.load(counts, seed);
      return JSON.stringify(["pods", "nodes", "events"].map((name) => sim.list(name)));
    };
    const first = await loaded(1);
    expect(await loaded(1)).toBe(first);
    expect(await loaded(2)).not.toBe(first);
  });

  it("makes pods as large as those of a cluster, spread over nodes and namespaces, each with its own version", async () => {
    await using sim = await openKubeSim();
    sim.load({ nodes: 3, pods: 120 });
    const pods = sim.list("pods");
    expect(pods.length).toBe(120);
    expect(new Set(pods.map((pod) => pod.metadata.uid)).size).toBe(120);
    expect(new Set(pods.map((pod) => pod.metadata.resourceVersion)).size).toBe(120);
    expect(new Set(pods.map((pod) => pod.metadata.namespace)).size).toBe(5);
    expect(sim.list("nodes").map((node) => node.metadata.name)).toContain("node-2");
    const bytes = JSON.stringify(pods).length / pods.length;
    expect(bytes).toBeGreaterThan(6000);
    expect(bytes).toBeLessThan(9000);
  });

  it("leaves what is there as it is, and refuses resources that do not exist", async () => {
    await using sim = await openKubeSim();
    sim.load({ configmaps: 3 });
    const before = sim.resourceVersion;
    sim.load({ configmaps: 3 });
    expect(sim.resourceVersion).toBe(before);
    expect(() => sim.load({ gadgets: 1 })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE" }),
    );
  });
});
