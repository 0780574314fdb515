import type { KubeObject } from "@kinglet/kube-client";
import { openSimCluster, type SimClusterFixture } from "@kinglet/testing";

/** The example reads its kubeconfig from the environment, as programs do. */
const cluster: SimClusterFixture = await openSimCluster();
process.env["KUBECONFIG"] = cluster.kubeconfigPath;
setTimeout(() => void cluster[Symbol.asyncDispose](), 1000);

export interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
}
