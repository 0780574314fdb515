export { createKubernetesProfileStore, type KubernetesProfileStoreOptions } from "./create-kubernetes-profile-store.ts";
export { storageErrors, type StorageErrorCode } from "./errors.ts";
export { openDirectoryProfileStore, type DirectoryProfileStoreOptions } from "./open-directory-profile-store.ts";
export type { ProfileKind } from "./profile-kind.ts";
export type {
  ProfileStore,
  StoreCallOptions,
  StoreKindOptions,
  StoreWatchOptions,
  UpdateResult,
} from "./profile-store.ts";
