import { readFileSync } from "node:fs";
import { writeDecoder } from "@kinglet/kube-client/decoder-writer";
import { describe, expect, it } from "vitest";
import { namespaceLabelsProjection } from "./namespace-labels-projection.ts";
import { identityProjection, podProjection, replicaSetProjection } from "./projections.ts";
import { serviceProjection } from "./service-projection.ts";

describe("the sensor's decoders", () => {
  it.each([
    ["pod-decoder.ts", podProjection(), { apiVersion: "v1", kind: "Pod" }, "createPodDecoder"],
    [
      "replica-set-decoder.ts",
      replicaSetProjection,
      { apiVersion: "apps/v1", kind: "ReplicaSet" },
      "createReplicaSetDecoder",
    ],
    [
      "identity-decoder.ts",
      identityProjection,
      { apiVersion: "v1", kind: "Namespace", metadataOnly: true },
      "createIdentityDecoder",
    ],
    ["service-decoder.ts", serviceProjection, { apiVersion: "v1", kind: "Service" }, "createServiceDecoder"],
    [
      "namespace-labels-decoder.ts",
      namespaceLabelsProjection,
      { apiVersion: "v1", kind: "Namespace", metadataOnly: true },
      "createNamespaceLabelsDecoder",
    ],
  ])(
    "%s is what is written from its paths: run build/write-decoders.ts after a change of them",
    (file, projection, kind, name) => {
      const written = readFileSync(new URL(`../gen/${file}`, import.meta.url), "utf8");
      expect(written).toBe(writeDecoder(projection, { kind, name }));
    },
  );
});
