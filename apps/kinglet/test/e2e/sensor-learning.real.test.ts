import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { sensorLearningSuite } from "./sensor-learning-suite.ts";

sensorLearningSuite(realTitle("learning"), openRealFixture, isSkipped);
