import { createKubeClient, loadClusterAccess, type KubeClient } from "@kinglet/kube-client";
import type { ContainerProfile } from "@kinglet/profile";

export const kubeClient: KubeClient = createKubeClient(await loadClusterAccess({ env: {} }), { userAgent: "example" });
export const spec: ContainerProfile["spec"] = (JSON.parse("{}") as ContainerProfile).spec;
export const name = "replicaset-web-web";
