import type { ContainerProfile, ProfileMetadata } from "@kinglet/profile";
import type { ProfileSource } from "@kinglet/profile-cache";

/** Options of every call. @public */
export interface StoreCallOptions {
  /** Ends the call within one await; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Where profiles are kept.
 *
 * Guarantees, the same for every adapter:
 *
 * - A call ends within its budget (default 5 s) or when the signal fires, whichever is first.
 * - An object that does not exist is an answer, never confused with a store that cannot answer.
 * - A write is atomic: readers see the old object or the new one.
 * - `resourceVersion` changes with every write that changes something; it is opaque.
 *
 * Errors: `KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE` (retryable; time-out, refused, no permission),
 * `…_INVALID` (the stored object or the name is unusable), `…_TOO_LARGE` (over the store's limit; nothing was changed).
 *
 * @public
 */
export interface ProfileStore extends ProfileSource {
  /**
   * Lists what there is in a namespace: metadata only, on purpose. A list of whole profiles of a node would be tens of megabytes;
   * fetch the ones you need.
   *
   * @param namespace - one namespace; there is no call over all of them.
   * @returns in no particular order. Not a snapshot: an object written meanwhile may or may not be in it.
   */
  list(namespace: string, options: StoreCallOptions): Promise<readonly ProfileMetadata[]>;

  /**
   * Writes one profile. Without `metadata.resourceVersion` it must not exist yet; with one, that must be the stored version.
   *
   * @returns the object as stored, with its new `resourceVersion`.
   * @throws `KINGLET_ERR_STORAGE_CLIENT_CONFLICT` when the version is another or the object exists already;
   * `KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND` when a version was given and the object is gone.
   */
  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile>;

  /**
   * Deletes one profile.
   *
   * @returns false when it did not exist.
   */
  delete(namespace: string, name: string, options: StoreCallOptions): Promise<boolean>;
}
