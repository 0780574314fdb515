import { describeMisbehavingServer } from "./describe-misbehaving-server.ts";
import { openSimServer } from "./open-sim-server.ts";
import { seededRandom } from "./seeded-random.ts";

describeMisbehavingServer("A misbehaving kube-sim", async (misbehaviour) => {
  const server = await openSimServer({ random: seededRandom(1) });
  const { faults } = server.sim;
  switch (misbehaviour) {
    case "sends-away":
      faults.add({ action: { kind: "go-away" }, chance: 0.02 });
      // More than a streaming list of what is there at first.
      faults.add({ match: { verb: "watch" }, action: { kind: "cut", afterEvents: 30, how: "end" } });
      break;
    case "overloaded":
      faults.add({
        match: { verb: "watch", query: { sendInitialEvents: "true" } },
        action: { kind: "status", code: 422, reason: "Invalid" },
      });
      faults.add({
        match: { verb: "list", resource: "secrets" },
        action: { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 1 },
        chance: 0.5,
      });
      break;
  }
  return server;
});
