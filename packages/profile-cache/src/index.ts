export { CachedProfile } from "./cached-profile.ts";
export type { ContainerRef } from "./container-ref.ts";
export { profileCacheErrors, type ProfileCacheErrorCode } from "./errors.ts";
export { ProfileCache, type CachedContainer, type ContainerState, type ProfileCacheChange } from "./profile-cache.ts";
export { profileCacheDefaults, type ProfileCacheOptions } from "./profile-cache-options.ts";
export type { ProfileSource } from "./profile-source.ts";
