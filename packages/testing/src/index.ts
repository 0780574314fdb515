export { apiCall, apiRequest, type ApiAnswer } from "./api-request.ts";
export { describeApiServer } from "./api-server-contract.ts";
export { openApiWatch, type ApiWatch, type ApiWatchEvent } from "./api-watch.ts";
export { createCapturedLogger, type CapturedLine, type CapturedLogger } from "./captured-logger.ts";
export type { ClusterFixture } from "./cluster-fixture.ts";
export { containerIdOf } from "./container-id.ts";
export {
  containerProfileObject,
  containerProfilesPath,
  type ContainerProfileInput,
  type ContainerProfileObject,
} from "./container-profile-object.ts";
export { createNamespace, createNode, createPod, deletePod } from "./create-pod.ts";
export { freePort } from "./free-port.ts";
export { httpGet } from "./http-get.ts";
export { installCrds } from "./install-crds.ts";
export { LoopbackProxy, openLoopbackProxy, type ProxyMode } from "./loopback-proxy.ts";
export { openSimCluster, type SimClusterFixture } from "./open-sim-cluster.ts";
export {
  podObject,
  uidOf,
  type OwnerReferenceInput,
  type PodContainerInput,
  type PodInput,
  type PodObject,
} from "./pod-object.ts";
export { openTempDir, type TempDir } from "./temp-dir.ts";
export { TetragonLineWriter } from "./tetragon-line-writer.ts";
export {
  execLine,
  exitLine,
  kprobeLine,
  type TetragonKprobeInput,
  type TetragonLineInput,
  type TetragonProcessInput,
} from "./tetragon-lines.ts";
export { waitFor } from "./wait-for.ts";
export { deploymentObject, replicaSetObject, type WorkloadInput, type WorkloadObject } from "./workload-objects.ts";
