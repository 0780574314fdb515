import { hasCode } from "@kinglet/errors";
import { containerProfiles, deployments, namespaces, nodes, pods, replicaSets } from "@kinglet/kube-client";
import type { DemoCluster } from "./demo-cluster.ts";
import type { PlayedWorkload } from "./profiles-from-recording.ts";
import { nodeObject, runningStatus, workloadObjects, type ShopObject, type WorkloadObjects } from "./shop-objects.ts";
import { waitUntil } from "./wait-until.ts";

interface Created {
  readonly metadata: { readonly uid: string };
}

/**
 * Creates the shop: profiles first, then the pods, which run at once under the first recorded id of their container.
 *
 * On an existing cluster the namespaces are there already: making and removing them belongs together.
 *
 * @internal
 */
export async function createShop(
  cluster: DemoCluster,
  workloads: readonly PlayedWorkload[],
  signal: AbortSignal,
): Promise<WorkloadObjects[]> {
  const { client } = cluster;
  if (cluster.kind === "simulated") {
    for (const name of new Set(Object.values(cluster.namespaces))) {
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
    }
    await client.create(nodes, nodeObject(cluster.nodeName), { signal });
  }
  const shop = workloads.map((played) => workloadObjects(played, cluster));
  for (const { profile } of shop) await client.create(containerProfiles, profile, { signal });
  for (const objects of shop) await createPod(cluster, objects, signal);
  return shop;
}

/** Tells the API that a container was started again, as its kubelet would. @internal */
export async function restartContainer(
  cluster: DemoCluster,
  { played, namespace, podName }: WorkloadObjects,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const restarts = played.containers.findIndex(({ id }) => id === containerId);
  await reportRunning(cluster, { played, namespace, podName }, containerId, restarts, signal);
}

async function createPod(cluster: DemoCluster, objects: WorkloadObjects, signal: AbortSignal): Promise<void> {
  const { client } = cluster;
  const { namespace, played } = objects;
  let pod = objects.pod;
  if (objects.deployment !== undefined && objects.replicaSet !== undefined) {
    const deployment = await client.create<Created>(deployments, objects.deployment, { signal });
    const owned = withOwner(objects.replicaSet, objects.deployment, deployment);
    const replicaSet = await client.create<Created>(replicaSets, owned, { signal });
    pod = withOwner(pod, objects.replicaSet, replicaSet);
  }
  await waitUntil(
    async () => {
      try {
        await client.create(pods, pod, { signal });
        return true;
      } catch (error) {
        // A new namespace refuses pods until it has its service account.
        if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN") && /serviceaccount/i.test(String(error))) return false;
        throw error;
      }
    },
    { what: `the default service account of namespace ${namespace}`, timeoutMs: 20_000, signal },
  );
  await reportRunning(cluster, objects, played.containers[0]?.id ?? "", 0, signal);
}

function withOwner(object: ShopObject, owner: ShopObject, stored: Created): ShopObject {
  const { apiVersion, kind, metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name, uid: stored.metadata.uid, controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [reference] } };
}

async function reportRunning(
  { client }: DemoCluster,
  { played, namespace, podName }: Pick<WorkloadObjects, "played" | "namespace" | "podName">,
  containerId: string,
  restarts: number,
  signal: AbortSignal,
): Promise<void> {
  const status = runningStatus(played, containerId, restarts);
  await client.patch(pods, podName, { status }, { namespace, subresource: "status", type: "merge", signal });
}
