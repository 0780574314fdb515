import { describe } from "vitest";
import { describeInformer } from "./describe-informer.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

// etcd forgets old versions every 20 s, so that the tests of compaction meet the real thing.
describe.skipIf(isSkipped)(realTitle("Informer"), () => {
  describeInformer("on the real API server", () => openRealServer(["--etcd-compaction-interval=20s"]));
});
