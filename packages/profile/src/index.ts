export { alternateName, isCronJobRun } from "./alternate-name.ts";
export {
  APPLICATION_PROFILE_KIND,
  type ApplicationProfile,
  type ApplicationProfileContainer,
  type ApplicationProfileSpec,
} from "./application-profile.ts";
export {
  authoredContainerProfileName,
  isLearnedProfile,
  resolveAuthoredProfile,
  userManagedName,
} from "./authored-profile.ts";
export type { CallStackFrame, CallStackNode, IdentifiedCallStack } from "./call-stack.ts";
export { checksum } from "./checksum.ts";
export {
  CONTAINER_PROFILE_KIND,
  PROFILE_API_VERSION,
  PROFILE_GROUP,
  PROFILE_VERSION,
  type ContainerProfile,
  type ContainerProfileSpec,
  type ExecCall,
  type HttpEndpoint,
  type NamedProfileSurfaces,
  type OpenCall,
  type ProfileMetadata,
  type ProfileSurfaces,
  type RulePolicy,
  type SeccompProfile,
} from "./container-profile.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { profileErrors, type ProfileErrorCode } from "./errors.ts";
export { freezeProfile } from "./freeze-profile.ts";
export { createInstanceId, createWorkloadInstanceId, type ContainerType, type InstanceIdParts } from "./instance-id.ts";
export type { LabelSelector, LabelSelectorRequirement } from "./label-selector.ts";
export type { NetworkNeighbor, NetworkPort } from "./network-neighbor.ts";
export {
  NETWORK_NEIGHBORHOOD_KIND,
  type NetworkNeighborhood,
  type NetworkNeighborhoodContainer,
  type NetworkNeighborhoodSpec,
} from "./network-neighborhood.ts";
export {
  observedSurfacesText,
  PROFILE_SURFACES,
  unobservedSurfaces,
  type ProfileSurface,
} from "./observed-surfaces.ts";
export { parseContainerProfile } from "./parse-container-profile.ts";
export { podSpecHash, type PodSpecHashOptions } from "./pod-spec-hash.ts";
export {
  COMPLETION_ANNOTATION,
  CONTAINER_NAME_LABEL,
  CONTAINER_TYPE_ANNOTATION,
  INSTANCE_ID_ANNOTATION,
  LEARNING_PERIOD_LABEL,
  LEARNING_TIME_LABEL,
  KEPT_STATUS_ANNOTATION,
  MANAGED_BY_ANNOTATION,
  OBSERVED_SURFACES_ANNOTATION,
  PREVIOUS_REPORT_TIME_ANNOTATION,
  REPORT_SERIES_ANNOTATION,
  REPORT_TIME_ANNOTATION,
  RESOURCE_SIZE_ANNOTATION,
  STATUS_ANNOTATION,
  SYNC_CHECKSUM_ANNOTATION,
  TEMPLATE_HASH_LABEL,
  USER_DEFINED_PROFILE_LABEL,
  WORKLOAD_API_GROUP_LABEL,
  WORKLOAD_API_VERSION_LABEL,
  WORKLOAD_ID_ANNOTATION,
  WORKLOAD_KIND_LABEL,
  WORKLOAD_NAMESPACE_LABEL,
  WORKLOAD_NAME_LABEL,
  WORKLOAD_RESOURCE_VERSION_LABEL,
} from "./profile-keys.ts";
export { profileStatus, type ProfileCompletion, type ProfileStatus } from "./profile-status.ts";
export { containerSlug, oneTimeSlug, workloadSlug } from "./slug.ts";
export { createWorkloadId, legalLabels, workloadLabels } from "./workload-labels.ts";
