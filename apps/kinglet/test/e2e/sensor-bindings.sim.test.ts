import { openSimCluster, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { LearningBench } from "./learning-bench.ts";
import { sensorBindingsSuite } from "./sensor-bindings-suite.ts";
import { addWorkload, executes } from "./shop.ts";

sensorBindingsSuite("bindings on a simulated API server", () => openSimCluster(), {
  refuseNamespaces: ({ sim }) => {
    const refused = sim.faults.add({
      match: { resource: "namespaces", verb: "list" },
      action: { kind: "status", code: 403 },
    });
    return () => refused.remove();
  },
});

describe("rules of a simulated API server", () => {
  it("are kept in bounded size: what a namespace may hold in resources does not end the sensor [bindings E-4]", async () => {
    await using cluster = await openSimCluster();
    await using bench = await LearningBench.open(cluster, "shop");
    const cart = await addWorkload(cluster, "shop", "cart");
    for (let at = 0; at < 60; at += 1) {
      const rules = Array.from({ length: 1_000 }, (_, rule) => largeRule(`X${String(at)}-${String(rule)}`));
      const metadata = { name: `large-${String(at)}`, namespace: "shop" };
      cluster.sim.apply({ apiVersion: "kubescape.io/v1", kind: "Rules", metadata, spec: { rules } });
    }
    await using sensor = await bench.start({ args: ["--no-learn"], env: { KINGLET_MEMLIMIT: "96Mi" } });
    const bad = executes(cart, "/dev/shm/x");
    await bench.events.write(bad.line);
    await sensor.alert(
      ({ process, ruleId }) => process.execId === bad.execId && ruleId === "R1000",
      "by a built-in rule",
    );
    await waitFor(async () => (await sensor.metric("kinglet_sensor_rule_sources_with_problems")) > 40, {
      describe: "what is too much to be told",
      timeoutMs: 30_000,
    });
    expect(await sensor.stop()).toBe(0);
  });
});

/** 1 KB as JSON. */
function largeRule(id: string): object {
  return {
    name: id,
    enabled: true,
    id,
    description: "d".repeat(700),
    expressions: {
      message: "'m ' + event.comm",
      uniqueId: "event.comm",
      ruleExpression: [{ eventType: "exec", expression: `event.comm == '${id}'` }],
    },
    profileDependency: 2,
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "x",
    mitreTechnique: "y",
    tags: ["context:kubernetes"],
  };
}
