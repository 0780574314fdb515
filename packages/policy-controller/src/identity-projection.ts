import type { Projection } from "@kinglet/kube-client";
import { createIdentityDecoder } from "./gen/identity-decoder.ts";

/** What is kept of objects of which only a change counts: name, namespace, uid and version. The decoder is written by build/write-decoders.ts. */
export const identityProjection: Projection = { paths: [], protobuf: createIdentityDecoder };
