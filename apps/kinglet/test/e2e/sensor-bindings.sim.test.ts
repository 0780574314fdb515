import { openSimCluster } from "@kinglet/testing";
import { sensorBindingsSuite } from "./sensor-bindings-suite.ts";

sensorBindingsSuite("bindings on a simulated API server", () => openSimCluster(), {
  refuseNamespaces: ({ sim }) => {
    const refused = sim.faults.add({
      match: { resource: "namespaces", verb: "list" },
      action: { kind: "status", code: 403 },
    });
    return () => refused.remove();
  },
});
