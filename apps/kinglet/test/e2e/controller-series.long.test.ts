import { openSimCluster } from "@kinglet/testing";
import { controllerSeriesSuite } from "./controller-series-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

controllerSeriesSuite("leaders killed and stopped, simulated API server", () => openSimCluster(), {
  changes: 500,
  faults: 20,
});
controllerSeriesSuite(realTitle("leaders killed and stopped, real API server"), openRealFixture, {
  changes: 150,
  faults: 6,
  isSkipped,
});
