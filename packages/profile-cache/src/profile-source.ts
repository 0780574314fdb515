import type { ApplicationProfile, ContainerProfile, NetworkNeighborhood } from "@kinglet/profile";

/** Kinds of objects that a container's profile is made of. @public */
export type ProfileObjectKind = "ContainerProfile" | "ApplicationProfile" | "NetworkNeighborhood";

/** What widens a learned profile. @public */
export type OverlayDocument = ApplicationProfile | NetworkNeighborhood;

/** Something that a metadata watch saw. @public */
export interface ProfileObjectChange {
  readonly type: "added" | "modified" | "deleted";
  readonly kind: ProfileObjectKind;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

/** What a metadata watch reports to. @public */
export interface ProfileWatchHandler {
  /** Called for every object the first time, later for every change. */
  changed(change: ProfileObjectChange): void;
  /** Everything that is there was reported; nothing is missed from here on. */
  synced(): void;
  /** Something may be missed from here on, until the next `synced`, before which the missed changes are reported. */
  lost(reason: string): void;
}

interface CallOptions {
  readonly signal: AbortSignal;
}

/**
 * Where profiles come from; the port that this package needs and a store implements.
 *
 * Every `get` resolves to `undefined` when the object does not exist, and only then; it rejects when that cannot be told (time-out,
 * refusal, unreadable object).
 *
 * @public
 */
export interface ProfileSource {
  /**
   * Fetches one profile.
   *
   * @param namespace - namespace of the pod.
   * @param name - name of the ContainerProfile, see `containerSlug`.
   * @param options - `signal`: ends the call; the promise rejects then.
   */
  getContainerProfile(namespace: string, name: string, options: CallOptions): Promise<ContainerProfile | undefined>;
  /** Absent: there are no such overlays. */
  getApplicationProfile?(
    namespace: string,
    name: string,
    options: CallOptions,
  ): Promise<ApplicationProfile | undefined>;
  /** Absent: there are no such overlays. */
  getNetworkNeighborhood?(
    namespace: string,
    name: string,
    options: CallOptions,
  ): Promise<NetworkNeighborhood | undefined>;
  /** Watches the versions of all objects until the signal fires. Absent: every object is fetched again at each tick. */
  watchMetadata?(handler: ProfileWatchHandler, options: CallOptions): Promise<void>;
}
