import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { sensorPeersSuite } from "./sensor-peers-suite.ts";

sensorPeersSuite(realTitle("peers"), openRealFixture, isSkipped);
