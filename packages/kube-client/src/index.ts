export { createApiDiscovery, type ApiDiscovery, type DiscoveredResource, type ResourceQuery } from "./api-discovery.ts";
export { checkConsistency, type ConsistencyReport, type Mismatch } from "./check-consistency.ts";
export type { ClusterAccess, Impersonation } from "./cluster-access.ts";
export { createIndex, type ObjectIndex } from "./create-index.ts";
export type { ExecPluginPolicy } from "./credentials/exec-plugin.ts";
export { createInformer } from "./create-informer.ts";
export { createKubeClient } from "./create-kube-client.ts";
export type { KubeClientOptions } from "./kube-client-options.ts";
export type { DeepReadonly } from "./deep-readonly.ts";
export { kubeClientErrors, type KubeClientErrorCode } from "./errors.ts";
export type { InformerHandler } from "./handler-queue.ts";
export {
  objectKey,
  type HandlerRegistration,
  type Informer,
  type InformerOptions,
  type InformerStatus,
} from "./informer.ts";
export type {
  CallOptions,
  DeleteOptions,
  GetOptions,
  KubeClient,
  KubeList,
  ListEachOptions,
  ListOptions,
  ListResult,
  PatchOptions,
  RawRequest,
  SelectOptions,
  WatchOptions,
  WriteOptions,
} from "./kube-client.ts";
export type { KubeMetadata, KubeObject, WatchEvent } from "./kube-object.ts";
export { loadClusterAccess } from "./load-cluster-access.ts";
export type { LoadClusterAccessOptions } from "./load-cluster-access-options.ts";
export { createTransport, type TransportOptions } from "./negotiated-transport.ts";
export type { CallRate } from "./rate-limit.ts";
export type { Projection } from "./projection.ts";
export type { DecoderToolkit, ProtobufDecoder, ProtobufDecoderFactory } from "./protobuf/protobuf-decoder.ts";
export type { WireReader } from "./protobuf/wire-reader.ts";
export {
  containerProfiles,
  customResourceDefinitions,
  deployments,
  namespaces,
  nodes,
  pods,
  replicaSets,
  type ResourceDefinition,
} from "./resource-definition.ts";
export { compareResourceVersions } from "./resource-version.ts";
export type { TlsCredentials, TlsSource } from "./tls-credentials.ts";
export type { TokenSource } from "./token-source.ts";
export type { KubeTransport, TransportRequest, TransportResponse } from "./transport.ts";
