export type { CachedProfile, ProfileOrigin } from "./cached-profile.ts";
export {
  containerLiveness,
  type ContainerLiveness,
  type LivenessPod,
  type LivenessStatus,
} from "./container-liveness.ts";
export type { ContainerRef } from "./container-ref.ts";
export { profileCacheErrors, type ProfileCacheErrorCode } from "./errors.ts";
export type { NetworkPeer } from "./network-peer.ts";
export { ProfileCache, type CachedContainer, type ContainerState, type ProfileCacheChange } from "./profile-cache.ts";
export { profileCacheDefaults, type ProfileCacheOptions, type UserProfiles } from "./profile-cache-options.ts";
export type { PodContainerNames } from "./profile-composer.ts";
export type { ProfileContent } from "./profile-content.ts";
export type {
  OverlayDocument,
  ProfileObjectChange,
  ProfileObjectKind,
  ProfileSource,
  ProfileWatchHandler,
} from "./profile-source.ts";
export type { TrafficDirection } from "./traffic-direction.ts";
