import type { ContainerRef } from "./container-ref.ts";
import type { ProfileEntry } from "./profile-entry.ts";

/**
 * One container and the profile that it shares. Kept this small because there is one per container.
 *
 * @internal
 */
export class ContainerEntry {
  ref: ContainerRef;
  profile: ProfileEntry;
  /** When it was added or removed, wall clock, milliseconds. */
  sinceMs: number;
  /** When a removed container is forgotten, monotonic milliseconds; 0 while it runs. */
  graceEndMs = 0;

  constructor(ref: ContainerRef, profile: ProfileEntry, sinceMs: number) {
    this.ref = ref;
    this.profile = profile;
    this.sinceMs = sinceMs;
  }
}
