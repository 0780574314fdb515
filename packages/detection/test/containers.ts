import type { ContainerIdentity } from "@kinglet/enrichment";

/** The container web of pod shop/web-1, with what is given instead. */
export function containerOf(changes: Partial<ContainerIdentity> = {}): ContainerIdentity {
  return {
    containerId: "ab".repeat(32),
    podUid: "uid-1",
    namespace: "shop",
    podName: "web-1",
    containerName: "web",
    containerType: "containers",
    image: "web:1",
    imageId: "",
    nodeName: "node-1",
    ownerApiVersion: "apps/v1",
    ownerKind: "ReplicaSet",
    ownerName: "web",
    templateHash: "77b4",
    ...changes,
  };
}
