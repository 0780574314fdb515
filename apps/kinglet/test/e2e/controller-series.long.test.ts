import { openSimCluster } from "@kinglet/testing";
import { controllerSeriesSuite } from "./controller-series-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

controllerSeriesSuite("leaders killed, stopped and cut off, simulated API server", () => openSimCluster(), {
  changes: 500,
  faults: 20,
});
controllerSeriesSuite(realTitle("leaders killed, stopped and cut off, real API server"), openRealFixture, {
  changes: 500,
  faults: 20,
  isSkipped,
});
