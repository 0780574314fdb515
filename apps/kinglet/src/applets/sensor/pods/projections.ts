import type { Projection } from "@kinglet/kube-client";
import { lazy, type Lazy } from "@kinglet/lazy-schema";
import { createIdentityDecoder } from "../gen/identity-decoder.ts";
import { createPodDecoder } from "../gen/pod-decoder.ts";
import { createReplicaSetDecoder } from "../gen/replica-set-decoder.ts";
import { podPaths } from "./pod-details.ts";

// The decoders are written by build/write-decoders.ts from these paths; a test holds them together.

/** What is read of pods. @internal */
export const podProjection: Lazy<Projection> = lazy(() => ({ paths: podPaths(), protobuf: createPodDecoder }));

/** What is read of ReplicaSets: who owns them. @internal */
export const replicaSetProjection: Projection = {
  paths: [
    "metadata.ownerReferences[].kind",
    "metadata.ownerReferences[].name",
    "metadata.ownerReferences[].controller",
  ],
  protobuf: createReplicaSetDecoder,
};

/** What is read of objects whose existence alone counts. @internal */
export const identityProjection: Projection = { paths: [], protobuf: createIdentityDecoder };
