export { alternateName } from "./alternate-name.ts";
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
export { parseContainerProfile } from "./parse-container-profile.ts";
export {
  COMPLETION_ANNOTATION,
  INSTANCE_ID_ANNOTATION,
  STATUS_ANNOTATION,
  SYNC_CHECKSUM_ANNOTATION,
} from "./profile-keys.ts";
export { profileStatus, type ProfileCompletion, type ProfileStatus } from "./profile-status.ts";
export { containerSlug, workloadSlug } from "./slug.ts";
