import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { describe, it } from "vitest";
import { clockAt, followARestoredServer } from "../test/follow-a-restored-server.ts";
import type { ClusterAccess } from "./index.ts";

/** A minute passes in 0.3 s. */
const clock = clockAt(200);

function accessTo(sim: KubeSim): ClusterAccess {
  return { server: sim.server, caPem: sim.caPem, token: sim.token, origin: "test" };
}

describe("Informer whose server was restored to an older revision", () => {
  it.each(["lower bookmarks", "silence"])("notices by %s and holds the restored state [client L8]", async (sign) => {
    await using before = await openKubeSim({ clock });
    await using restored = await openKubeSim({ clock });
    // As kube-apiserver 1.27 and later: a watch from the future shows nothing, and is told nothing.
    const silence = restored.faults.add({ match: { verb: "watch" }, action: { kind: "no-bookmarks" } });
    if (sign === "lower bookmarks") silence.remove();
    await followARestoredServer({ before: accessTo(before), restored: accessTo(restored) }, clock);
  });
});
