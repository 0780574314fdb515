import type { ApplicationProfile, ContainerProfile, NetworkNeighborhood, ProfileMetadata } from "@kinglet/profile";
import type { ProfileSource, ProfileWatchHandler } from "@kinglet/profile-cache";

import type { ProfileKind } from "./profile-kind.ts";

/** Options of every call. @public */
export interface StoreCallOptions {
  /** Ends the call within one await; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Options of calls that work for each kind. @public */
export interface StoreKindOptions extends StoreCallOptions {
  /** @defaultValue `ContainerProfile` */
  readonly kind?: ProfileKind;
}

/** Which objects a watch is about. @public */
export interface StoreWatchOptions extends StoreCallOptions {
  /** @defaultValue all namespaces */
  readonly namespace?: string;
  /** @defaultValue all kinds */
  readonly kinds?: readonly ProfileKind[];
}

/** What became of an update. @public */
export type UpdateResult =
  | {
      /** `unchanged`: nothing was sent, the stored object says the same already. */
      readonly outcome: "written" | "unchanged";
      /** The object as it is in the store: what was written, with the metadata that the store answered. */
      readonly stored: ContainerProfile;
    }
  | {
      /** The merge gave `undefined`: the store is as it was. */
      readonly outcome: "skipped";
      readonly stored: ContainerProfile | undefined;
    }
  | {
      /** The store refused the object for its size. */
      readonly outcome: "too-large";
      /**
       * What is in its place: status `too-large`, completion `partial`, and the content that was stored before (none when there was no
       * object); what the refused object said of status and completion, and what status the kept content had,
       * is noted in annotations of `kinglet.dev/`.
       */
      readonly stored: ContainerProfile;
      /** What was refused; whole. */
      readonly refused: ContainerProfile;
    };

/**
 * Where profiles are kept.
 *
 * Guarantees, the same for every adapter:
 *
 * - A call ends within its budget (default 5 s; `update`: each of its reads and writes) or when the signal fires, whichever is first.
 * - An object that does not exist is an answer, never confused with a store that cannot answer.
 * - A write is atomic: readers see the old object or the new one. A write whose budget ended may still happen.
 * - `resourceVersion` changes with every write that changes something; it is opaque.
 * - What a store answers is not trusted: sizes are bounded, and an object under another name than was asked for is refused.
 *
 * Errors: `KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE` (retryable; time-out, refused, no permission),
 * `…_INVALID` (the stored object or the name is unusable), `…_TOO_LARGE` (over the store's limit; nothing was changed).
 *
 * @public
 */
export interface ProfileStore extends ProfileSource {
  /**
   * Fetches an authored profile of a workload.
   *
   * @returns `undefined` when the object does not exist, also when the store has no such kind at all.
   */
  getApplicationProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ApplicationProfile | undefined>;

  /** Fetches the authored network peers of a workload; as {@link ProfileStore.getApplicationProfile}. */
  getNetworkNeighborhood(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<NetworkNeighborhood | undefined>;

  /**
   * Lists what there is in a namespace: metadata only, on purpose. A list of whole profiles of a node would be tens of megabytes;
   * fetch the ones you need.
   *
   * @param namespace - one namespace; there is no call over all of them.
   * @returns in no particular order. Not a snapshot: an object written meanwhile may or may not be in it.
   * @throws `KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE` over 100,000 objects or 64 MB of labels and annotations.
   */
  list(namespace: string, options: StoreKindOptions): Promise<readonly ProfileMetadata[]>;

  /**
   * Writes one profile. Without `metadata.resourceVersion` it must not exist yet; with one, that must be the stored version. Members that
   * {@link ContainerProfile} does not know (finalizers, owners) are not kept; {@link ProfileStore.update} keeps them.
   *
   * @returns what was written with the metadata that the store answered, its new `resourceVersion` among them; the content does not come back.
   * @throws `KINGLET_ERR_STORAGE_CLIENT_CONFLICT` when the version is another or the object exists already;
   * `KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND` when a version was given and the object is gone.
   */
  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile>;

  /**
   * Reads, merges and writes; when somebody else wrote meanwhile, merges again, five times at most with growing random pauses. Nothing is
   * written when nothing changes. Members of the stored object that are not known are kept.
   *
   * `too-large` is what became of one write. The next merge is offered the object without that mark, with the status and completion that
   * were refused, and what fits then is stored under the status that the merge gives it. Not guaranteed: that a writer who was refused is
   * remembered while another one writes less; whoever got `too-large` keeps `refused` and writes again with its next news.
   *
   * @param merge - from what is stored (`undefined`: nothing) to what shall be; `undefined`: leave it as it is. May be called several times, so
   * without side effects. With a join (commutative, associative, idempotent) any number of writers may share one object, and a write
   * that happened although its answer was lost does no harm.
   * @returns also when the object is too large: then its place says so, and `refused` has it whole.
   * @throws `KINGLET_ERR_STORAGE_CLIENT_CONFLICT` after the last attempt; what `merge` throws.
   */
  update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: StoreCallOptions,
  ): Promise<UpdateResult>;

  /**
   * Deletes one object.
   *
   * @returns false when it did not exist.
   */
  delete(namespace: string, name: string, options: StoreKindOptions): Promise<boolean>;

  /**
   * Tells of every change until the signal fires, so that nobody needs to poll; resolves then. It goes on through every fault of the store.
   *
   * Order: per object that of the store, states in between may be left out. Each object that exists is told as `added` before the first `synced`.
   * Memory: name, version and uid of each object, nothing else of it.
   */
  watchMetadata(handler: ProfileWatchHandler, options: StoreWatchOptions): Promise<void>;
}
