import { describe } from "vitest";
import { describeAdmission } from "./admission-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

describe.skipIf(isSkipped)(realTitle("admission-controller"), () => {
  describeAdmission("on a real API server", openRealFixture);
});
