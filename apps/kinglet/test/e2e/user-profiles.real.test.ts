import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";
import { userProfilesSuite } from "./user-profiles-suite.ts";

userProfilesSuite(realTitle("profiles of users on a real API server"), openRealFixture, isSkipped);
