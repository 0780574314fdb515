import { describe } from "vitest";
import { describeWriting } from "./describe-writing.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

describe.skipIf(isSkipped)(realTitle("Writing"), () => {
  describeWriting("on the real API server", () => openRealServer());
});
