import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDecoder } from "@kinglet/kube-client/decoder-writer";
import { podPaths } from "../src/applets/sensor/pods/pod-details.ts";

const REPLICA_SET_PATHS = [
  "metadata.ownerReferences[].kind",
  "metadata.ownerReferences[].name",
  "metadata.ownerReferences[].controller",
];

/**
 * The sensor's decoders by file name: run as a program, this writes them. They are checked in: a build then needs no table, and a change of what is kept
 * shows in review.
 */
export function sensorDecoders(): Readonly<Record<string, string>> {
  return {
    "pod-decoder.ts": writeDecoder(
      { paths: podPaths() },
      { kind: { apiVersion: "v1", kind: "Pod" }, name: "createPodDecoder" },
    ),
    "replica-set-decoder.ts": writeDecoder(
      { paths: REPLICA_SET_PATHS },
      { kind: { apiVersion: "apps/v1", kind: "ReplicaSet" }, name: "createReplicaSetDecoder" },
    ),
    "identity-decoder.ts": writeDecoder(
      { paths: [] },
      { kind: { apiVersion: "v1", kind: "Namespace", metadataOnly: true }, name: "createIdentityDecoder" },
    ),
    "service-decoder.ts": writeDecoder(
      { paths: ["spec.selector", "spec.clusterIPs"] },
      { kind: { apiVersion: "v1", kind: "Service" }, name: "createServiceDecoder" },
    ),
    "namespace-labels-decoder.ts": writeDecoder(
      { paths: ["metadata.labels"] },
      { kind: { apiVersion: "v1", kind: "Namespace", metadataOnly: true }, name: "createNamespaceLabelsDecoder" },
    ),
  };
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../src/applets/sensor/gen");
  for (const [name, text] of Object.entries(sensorDecoders())) writeFileSync(join(folder, name), text);
}
