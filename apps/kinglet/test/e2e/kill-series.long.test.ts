import { openSimCluster } from "@kinglet/testing";
import { killSeriesSuite } from "./kill-series-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

killSeriesSuite("sensor killed at random moments, simulated API server", () => openSimCluster());
killSeriesSuite(realTitle("sensor killed at random moments, real API server"), openRealFixture, isSkipped);
