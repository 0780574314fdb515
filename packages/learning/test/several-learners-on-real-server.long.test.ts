import { openRealCluster, realClusterAvailability } from "@kinglet-tools/real-cluster";
import { installCrds, type ClusterFixture } from "@kinglet/testing";
import { describe } from "vitest";
import { describeSeveralLearners } from "./describe-several-learners.ts";
import { openClusterStore } from "./open-cluster-store.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const skipped = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";

describe.skipIf(isSkipped)(`Learner [requires real-cluster]${skipped}`, () => {
  describeSeveralLearners("a real API server", async () => {
    await using stack = new AsyncDisposableStack();
    const opened = await openRealCluster();
    stack.defer(() => opened.stop());
    const { server, caPem, kubeconfigPath, tokens } = opened;
    const cluster: ClusterFixture = {
      kind: "real",
      server,
      caPem,
      kubeconfigPath,
      adminToken: tokens.admin,
      canRestart: true,
      restart: () => opened.restartApiServer(),
      [Symbol.asyncDispose]: () => opened.stop(),
    };
    await installCrds(cluster);
    const shared = await openClusterStore(cluster, "learners");
    stack.use(shared);
    const owned = stack.move();
    return { ...shared, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  });
});
