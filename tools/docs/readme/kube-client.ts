import type { KubeObject } from "@kinglet/kube-client";
import { openSimCluster, type SimClusterFixture, waitFor } from "@kinglet/testing";

/** The example reads its kubeconfig from the environment, as programs do. */
const cluster: SimClusterFixture = await openSimCluster();
process.env["KUBECONFIG"] = cluster.kubeconfigPath;

/** Fires once the example watches; the cluster goes after it. */
export const signal: AbortSignal = onceWatched();

function onceWatched(): AbortSignal {
  const controller = new AbortController();
  const end = async (): Promise<void> => {
    await waitFor(() => cluster.sim.journal().some(({ query }) => query["watch"] !== undefined), {
      describe: "a watch",
    });
    controller.abort();
    await cluster[Symbol.asyncDispose]();
  };
  void end();
  return controller.signal;
}

export interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
}
