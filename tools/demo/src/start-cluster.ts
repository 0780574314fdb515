import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createKubeClient, loadClusterAccess } from "@kinglet/kube-client";
import { openKubeSim } from "@kinglet/kube-sim";
import { readDefinitions } from "./definitions.ts";
import type { DemoCluster } from "./demo-cluster.ts";

/**
 * Starts a simulated Kubernetes API over HTTPS in this process, with the definitions of `deploy/crds` and a kubeconfig in `folder`.
 *
 * @param stack - closes it.
 *
 * @internal
 */
export async function startCluster(folder: string, stack: AsyncDisposableStack): Promise<DemoCluster> {
  const sim = stack.use(await openKubeSim());
  for (const definition of readDefinitions()) sim.apply(definition);
  const kubeconfigPath = join(folder, "kubeconfig.json");
  writeFileSync(kubeconfigPath, JSON.stringify(sim.kubeconfig(), undefined, 2), { mode: 0o600 });
  const access = await loadClusterAccess({ kubeconfigPath, env: {} });
  return {
    kind: "simulated",
    title: `kube-sim at ${sim.server}`,
    client: stack.use(createKubeClient(access, { userAgent: "kinglet-demo" })),
    clusterName: "demo",
    nodeName: "shop-node-1",
    namespaces: { shop: "shop", operations: "shop-operations" },
    hasControllers: true,
    kubeconfigPath,
  };
}
