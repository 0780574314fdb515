import { describe } from "vitest";
import { describeAdmissionChain } from "./admission-chain-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

describe.skipIf(isSkipped)(realTitle("policies to refusals"), () => {
  describeAdmissionChain("on a real API server", openRealFixture);
});
