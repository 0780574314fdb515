import { componentSuite } from "./component-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { sensorLearningSuite } from "./sensor-learning-suite.ts";

componentSuite(realTitle("component scenarios on a real API server"), openRealFixture, isSkipped);
sensorLearningSuite(realTitle("learning on a real API server"), openRealFixture, isSkipped);
