import { mainJobSuite } from "./main-job-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

mainJobSuite(realTitle("sensor on a real API server"), openRealFixture, isSkipped);
