import { openRealCluster } from "@kinglet-tools/real-cluster";
import type { ClusterFixture } from "@kinglet/testing";

/** A kube-apiserver of its own. */
export async function openRealFixture(): Promise<ClusterFixture> {
  const opened = await openRealCluster();
  return {
    kind: "real",
    server: opened.server,
    caPem: opened.caPem,
    kubeconfigPath: opened.kubeconfigPath,
    adminToken: opened.tokens.admin,
    canRestart: true,
    restart: () => opened.restartApiServer(),
    [Symbol.asyncDispose]: () => opened.stop(),
  };
}
