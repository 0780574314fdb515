import { openSimCluster } from "@kinglet/testing";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { sensorKillsSuite } from "./sensor-kills-suite.ts";

sensorKillsSuite("sensor killed at random moments, simulated API server", () => openSimCluster(), [1, 2, 3]);
sensorKillsSuite(realTitle("sensor killed at random moments, real API server"), openRealFixture, [4], isSkipped);
