import type { Projection, ResourceDefinition } from "@kinglet/kube-client";
import { createServiceDecoder } from "../gen/service-decoder.ts";

/** What is read of a service. @internal */
export interface ServiceDetails {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly selector?: Readonly<Record<string, string>>; readonly clusterIPs?: readonly string[] };
}

/** @internal */
export const services: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "services",
  kind: "Service",
  namespaced: true,
};

/** The fields of {@link ServiceDetails}. @internal */
export const serviceProjection: Projection = {
  paths: ["spec.selector", "spec.clusterIPs"],
  protobuf: createServiceDecoder,
};
