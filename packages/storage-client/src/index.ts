export { storageErrors, type StorageErrorCode } from "./errors.ts";
export { createKubernetesProfileStore, type KubernetesProfileStoreOptions } from "./kubernetes-profile-store.ts";
export { openDirectoryProfileStore, type DirectoryProfileStoreOptions } from "./open-directory-profile-store.ts";
export type { ProfileStore, StoreCallOptions } from "./profile-store.ts";
