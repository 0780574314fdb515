import { createKubeClient, type KubeClient } from "@kinglet/kube-client";
import type { ClusterFixture } from "@kinglet/testing";

/** A client with every permission. */
export function openClient(cluster: ClusterFixture): KubeClient {
  return createKubeClient({
    server: cluster.server,
    caPem: cluster.caPem,
    token: cluster.adminToken,
    origin: "test",
  });
}
