import type { ProfileBinding } from "./profile-binding.ts";
import type { ProfileComposer } from "./profile-composer.ts";

/** What a {@link countProfiles} found. @internal */
export interface ProfileCounts {
  /** By the label `kind` of the metric. */
  readonly profiles: Readonly<Record<string, number>>;
  readonly contentBytes: number;
}

/**
 * Counts profiles by what is known of them, and the memory that their contents keep.
 *
 * @param composer - undefined before the first answer.
 *
 * @internal
 */
export function countProfiles(
  bindings: ReadonlyMap<string, ProfileBinding>,
  composer: ProfileComposer | undefined,
): ProfileCounts {
  const profiles = {
    wanted: bindings.size,
    held: 0,
    stale: 0,
    outdated: 0,
    without_room: composer?.withoutRoom ?? 0,
    distinct: composer?.pool.size ?? 0,
  };
  for (const binding of bindings.values()) {
    if (binding.cached !== undefined) profiles.held += 1;
    if (binding.isStale) profiles.stale += 1;
    if (composer?.isOutdated(binding) === true) profiles.outdated += 1;
  }
  return { profiles, contentBytes: composer?.pool.bytes ?? 0 };
}
