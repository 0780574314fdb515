import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import type { ContainerProfile } from "@kinglet/profile";

export const store = {
  update(
    _namespace: string,
    _name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
  ): Promise<{ outcome: "written" | "skipped" }> {
    return Promise.resolve({ outcome: merge(undefined) === undefined ? "skipped" : "written" });
  },
};
export const source = { acknowledge: (_sequence: number): void => {} };
export const event: ExecEvent = new ExecEvent({ sequence: 1, binary: "/bin/sh" });
export const fromMs = 0;
export const startedAtMs = 0;
export const profileName = "pod-web-1-web";

export const identity: ContainerIdentity = {
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
