import { createKubeClient, loadClusterAccess, type KubeClient } from "@kinglet/kube-client";
import type { ContainerProfile } from "@kinglet/profile";

export const kubeClient: KubeClient = createKubeClient(await loadClusterAccess({ env: {} }), { userAgent: "example" });
export const name = "replicaset-web-web";
export const learned: ContainerProfile = JSON.parse("{}") as ContainerProfile;
