import { chmod, writeFile } from "node:fs/promises";
import { openKubeSim, type KubeSim, type KubeSimOptions } from "@kinglet/kube-sim";
import type { ClusterFixture } from "./cluster-fixture.ts";
import { openTempDir } from "./temp-dir.ts";

/** A simulated cluster, with the simulator itself for what only it can do. */
export interface SimClusterFixture extends ClusterFixture {
  readonly kind: "kube-sim";
  readonly sim: KubeSim;
}

/** Starts a simulator with its kubeconfig in a temporary folder; both go when it is disposed. */
export async function openSimCluster(options: KubeSimOptions = {}): Promise<SimClusterFixture> {
  await using stack = new AsyncDisposableStack();
  const sim = stack.use(await openKubeSim(options));
  const folder = stack.use(await openTempDir("kinglet-sim-"));
  const kubeconfigPath = folder.file("kubeconfig");
  await writeFile(kubeconfigPath, JSON.stringify(sim.kubeconfig(), undefined, 2));
  await chmod(kubeconfigPath, 0o600);
  const owned = stack.move();
  return {
    kind: "kube-sim",
    sim,
    server: sim.server,
    caPem: sim.caPem,
    kubeconfigPath,
    adminToken: sim.token,
    canRestart: true,
    restart: () => sim.restart(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
