import type { Projection } from "@kinglet/kube-client";
import { createNamespaceLabelsDecoder } from "../gen/namespace-labels-decoder.ts";

/** What bindings read of a namespace: its labels. @internal */
export const namespaceLabelsProjection: Projection = {
  paths: ["metadata.labels"],
  protobuf: createNamespaceLabelsDecoder,
};
