import { openSimCluster } from "@kinglet/testing";
import { sensorPeersSuite } from "./sensor-peers-suite.ts";

sensorPeersSuite("peers on a simulated API server", () => openSimCluster());
