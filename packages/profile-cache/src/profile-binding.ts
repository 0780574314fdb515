import type { CachedProfile } from "./cached-profile.ts";
import type { ContainerEntry } from "./container-entry.ts";
import type { ContainerRef } from "./container-ref.ts";
import type { SharedContent } from "./content-pool.ts";
import type { SourceObject } from "./source-object.ts";

/** A container together with the profile that it shares. @internal */
export type BoundContainer = ContainerEntry<ProfileBinding>;

/** An object of the store together with the profiles that are made of it. @internal */
export type BoundObject = SourceObject<ProfileBinding>;

/**
 * The profile of one kind of container: the objects that it is made of and what came out. Shared by every container that is made of
 * the same.
 *
 * @internal
 */
export class ProfileBinding {
  readonly key: string;
  readonly namespace: string;
  readonly containerName: string;
  /** The learned profile; undefined when there can be none. */
  learned: BoundObject | undefined = undefined;
  /** Authored profiles in the order in which they are tried. */
  authored: readonly BoundObject[] = NO_SOURCES;
  /** Overlays in the order in which they are applied. */
  overlays: readonly BoundObject[] = NO_SOURCES;
  /** Value of the pod's label; `""` without one. */
  readonly label: string;
  /** A pod that the binding is for: which containers overlays should describe. */
  readonly podName: string;
  /** The last good profile; undefined while pending. */
  cached: CachedProfile | undefined = undefined;
  /** The pooled content of `cached`. */
  shared: SharedContent | undefined = undefined;
  /** What was learned, without the overlays that `shared` holds too; undefined without overlays. */
  base: SharedContent | undefined = undefined;
  /** Versions of what `cached` was made of beside the one object that follows; `""` for a learned profile alone. */
  composition = "";
  /** Object that `cached` was made of: another one under the name is a new start. */
  uid = "";
  /** Its version; `""` when nothing would tell the next one apart. */
  resourceVersion = "";
  /** Why there is no profile, or why the one held may be old; empty when all is well. */
  reason = "not fetched yet";
  /** True when the label names nothing. */
  isUnbound = false;
  /** True once it is known whether there is a profile, or that it never will be readable. */
  isKnown = false;
  /** True when a profile is held that may not be what the store has. */
  isStale = false;
  /** False while objects are needed that are still being fetched. */
  isSettled = true;
  /** When `cached` came or went, wall clock, milliseconds. */
  sinceMs: number;
  /** The container that was bound last, the head of a list: containers are found without a look at all others. */
  newest: BoundContainer | undefined = undefined;
  /** Containers that refer to it and run. */
  live = 0;

  constructor(key: string, ref: ContainerRef, sinceMs: number) {
    this.key = key;
    this.namespace = ref.namespace;
    this.containerName = ref.containerName;
    this.label = ref.userProfile ?? "";
    this.podName = ref.podName;
    this.sinceMs = sinceMs;
  }

  /** Adds a container. */
  link(entry: BoundContainer): void {
    entry.older = this.newest;
    if (this.newest !== undefined) this.newest.newer = entry;
    this.newest = entry;
  }

  /** Takes a container out that was added. */
  unlink(entry: BoundContainer): void {
    if (entry.newer === undefined) this.newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older !== undefined) entry.older.newer = entry.newer;
    entry.older = undefined;
    entry.newer = undefined;
  }

  /** The containers in the order in which they came; a copy, because listeners add and remove. */
  entries(): BoundContainer[] {
    const entries: BoundContainer[] = [];
    for (let entry = this.newest; entry !== undefined; entry = entry.older) entries.push(entry);
    return entries.reverse();
  }

  /** Calls `visit` with every object that it is made of. */
  eachSource(visit: (source: BoundObject) => void): void {
    if (this.learned !== undefined) visit(this.learned);
    for (const source of this.authored) visit(source);
    for (const source of this.overlays) visit(source);
  }

  /** When the store answered last for the object whose answer is the oldest, wall clock, milliseconds; 0 before it answered for each. */
  get fetchedAtMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    this.eachSource((source) => {
      oldest = Math.min(oldest, source.fetchedAtMs);
    });
    return oldest === Number.POSITIVE_INFINITY ? 0 : oldest;
  }
}

const NO_SOURCES: readonly BoundObject[] = [];
