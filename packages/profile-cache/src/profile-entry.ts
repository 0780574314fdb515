import type { CachedProfile } from "./cached-profile.ts";
import type { SharedSpec } from "./shared-spec.ts";

/** `dueMs` of an entry that waits for the next tick. @internal */
export const AT_NEXT_TICK: number = Infinity;

/**
 * One wanted profile: what is held of it, and when to ask for it again. Shared by every container that names it, so that the
 * replicas of a workload cost one fetch and one object.
 *
 * @internal
 */
export class ProfileEntry {
  readonly namespace: string;
  readonly name: string;
  /** The last good profile; undefined while pending. */
  cached: CachedProfile | undefined = undefined;
  /** The pooled spec that `cached` holds. */
  shared: SharedSpec | undefined = undefined;
  /** Version of the object that `cached` was made from or was last seen equal to. */
  resourceVersion = "";
  uid = "";
  /** Why there is no profile, or why the one held may be old; empty when all is well. */
  reason = "not fetched yet";
  /** True once the store has said whether the profile exists and what it holds, or that it never will be readable. */
  isKnown = false;
  /** True when the last fetch failed while a profile is held. */
  isStale = false;
  /** When `cached` came or went, wall clock, milliseconds. */
  sinceMs: number;
  /** End of the last fetch, wall clock, milliseconds; 0 before. */
  fetchedAtMs = 0;
  /** Containers that refer to it, with those in grace. */
  containers = 0;
  /** Containers that refer to it and run. At 0 no new fetch is due. */
  live = 0;
  /** Failed attempts in a row without a profile; picks the back-off. */
  attempt = 0;
  /** When to fetch again, monotonic milliseconds, or {@link AT_NEXT_TICK}. */
  dueMs: number = AT_NEXT_TICK;
  /** The fetch under way. A result that belongs to another controller is dropped. */
  flight: AbortController | undefined = undefined;

  constructor(namespace: string, name: string, sinceMs: number) {
    this.namespace = namespace;
    this.name = name;
    this.sinceMs = sinceMs;
  }
}
