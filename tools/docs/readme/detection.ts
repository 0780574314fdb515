import type { Alert, DetectionHost, ProfileLookup } from "@kinglet/detection";
import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";

export const profiles: ProfileLookup = { get: () => undefined };
export const host: DetectionHost = {
  mountPathsOf: () => [],
  hasContainer: () => true,
  apiServerAddresses: ["10.96.0.1"],
  processEnvironment: () => undefined,
  commandsOf: () => undefined,
};
export const event: ExecEvent = new ExecEvent({ sequence: 1, binary: "/bin/sh" });
export const queue = { offer: (_alert: Alert, _sequence: number): boolean => true };

export const container: ContainerIdentity = {
  containerId: "a".repeat(64),
  podUid: "u",
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  containerType: "containers",
  image: "web:1",
  imageId: "",
  nodeName: "node-1",
  ownerApiVersion: "v1",
  ownerKind: "Pod",
  ownerName: "web-1",
  templateHash: "",
};
