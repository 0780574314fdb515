import { openSimCluster } from "@kinglet/testing";
import { sensorBindingsSuite } from "./sensor-bindings-suite.ts";

sensorBindingsSuite("bindings on a simulated API server", () => openSimCluster());
