import { describe, it } from "vitest";
import { clockAt, followARestoredServer } from "./follow-a-restored-server.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";

describe.skipIf(isSkipped)(realTitle("Informer whose real server was restored to an older revision"), () => {
  it("notices and holds the restored state [client L8]", { timeout: 180_000 }, async () => {
    await using before = await openRealServer();
    await using restored = await openRealServer();
    // Not faster: the server waits 3 s before it says that a version is too large, and a call ends after 60 s.
    await followARestoredServer({ before: before.access, restored: restored.access }, clockAt(10));
  });
});
