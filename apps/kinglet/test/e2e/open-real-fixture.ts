import { openRealCluster, realClusterAvailability, type RealClusterAvailability } from "@kinglet-tools/real-cluster";
import type { ClusterFixture } from "@kinglet/testing";

/** Whether this run has a real API server; a run that requires one does not skip but fails to open it. */
const realCluster: RealClusterAvailability = realClusterAvailability(process.env);

/** Title of a suite on a real server, in the form that the report counts. */
export function realTitle(what: string): string {
  const reason = isSkipped ? ` [skipped: ${realCluster.skipReason.replace(/^\(|\)$/g, "")}]` : "";
  return `${what} [requires real-cluster]${reason}`;
}

/** True when the suite cannot run here and need not. */
export const isSkipped: boolean = realCluster.source !== "binaries" && !realCluster.isRequired;

/** A real API server as a cluster fixture. */
export async function openRealFixture(): Promise<ClusterFixture> {
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
}
