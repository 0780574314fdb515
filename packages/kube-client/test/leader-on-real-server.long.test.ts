import { describe } from "vitest";
import { describeLeader } from "./describe-leader.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

describe.skipIf(isSkipped)(realTitle("Leader election"), () => {
  describeLeader("on the real API server", () => openRealServer());
});
