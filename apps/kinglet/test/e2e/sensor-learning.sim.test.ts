import { openSimCluster } from "@kinglet/testing";
import { sensorLearningSuite } from "./sensor-learning-suite.ts";

sensorLearningSuite("learning on a simulated API server", () => openSimCluster());
