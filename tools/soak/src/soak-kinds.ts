import type { InformerOptions, ResourceDefinition } from "@kinglet/kube-client";

/** A kind that the soak writes and watches. */
export interface SoakKind {
  readonly resource: ResourceDefinition;
  /** Of all objects. */
  readonly share: number;
  /** How its informer works. */
  readonly options: InformerOptions;
  readonly content: (text: string) => object;
}

/** Three kinds, watched in three ways. No controller makes objects of the first and last. */
export function soakKinds(): readonly SoakKind[] {
  return [
    {
      resource: { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true },
      share: 0.5,
      options: { listMode: "pages", projection: { paths: ["metadata.labels"] } },
      content: (text) => ({ data: { text: Buffer.from(text).toString("base64") } }),
    },
    {
      resource: { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true },
      share: 0.3,
      options: { listMode: "stream", projection: { paths: ["metadata.labels", "data"] } },
      content: (text) => ({ data: { text } }),
    },
    {
      resource: { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true },
      share: 0.2,
      options: { listMode: "stream", metadataOnly: true },
      content: (text) => ({ spec: { holderIdentity: text, leaseDurationSeconds: 15 } }),
    },
  ];
}

export function apiVersionOf({ group, version }: ResourceDefinition): string {
  return group === "" ? version : `${group}/${version}`;
}
