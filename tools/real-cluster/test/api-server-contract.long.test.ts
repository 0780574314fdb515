import { describeApiServer } from "@kinglet/testing";
import { describe } from "vitest";
import { openRealCluster, realClusterAvailability } from "../src/index.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const reason = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";

describe.skipIf(isSkipped)(`the simulator's contract [requires real-cluster]${reason}`, () => {
  describeApiServer("real API server", async () => {
    const cluster = await openRealCluster();
    return {
      kind: "real",
      server: cluster.server,
      caPem: cluster.caPem,
      kubeconfigPath: cluster.kubeconfigPath,
      adminToken: cluster.tokens.admin,
      canRestart: true,
      restart: () => cluster.restartApiServer(),
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  });
});
