import { describe } from "vitest";
import { describeMisbehavingServer, type Misbehaviour } from "./describe-misbehaving-server.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

const FLAGS: Readonly<Record<Misbehaviour, readonly string[]>> = {
  // Streams end after 5 to 10 s.
  "sends-away": ["--goaway-chance=0.02", "--min-request-timeout=5"],
  overloaded: [
    "--feature-gates=WatchList=false",
    "--enable-priority-and-fairness=false",
    "--max-requests-inflight=3",
    "--max-mutating-requests-inflight=3",
  ],
};

describe.skipIf(isSkipped)(realTitle("A misbehaving API server"), () => {
  describeMisbehavingServer("by its flags", (misbehaviour) => openRealServer(FLAGS[misbehaviour]));
});
