import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { sensorBindingsSuite } from "./sensor-bindings-suite.ts";

sensorBindingsSuite(realTitle("bindings"), openRealFixture, { isSkipped });
