export { storageErrors, type StorageErrorCode } from "./errors.ts";
export type { ProfileStore, StoreCallOptions } from "./profile-store.ts";
