import { describe } from "vitest";
import { describeClient } from "./describe-client.ts";
import { describeClientNode } from "./describe-client-node.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

describe.skipIf(isSkipped)(realTitle("Client"), () => {
  describeClient("on the real API server", () => openRealServer());
  describeClientNode("on the real API server", () => openRealServer());
});
