import type { ContainerProfile } from "./container-profile.ts";

/**
 * Freezes a profile with everything in it, so that a consumer that writes to it fails. For tests and debugging: it visits every
 * entry.
 *
 * @returns the same object.
 *
 * @public
 */
export function freezeProfile(profile: ContainerProfile): ContainerProfile {
  freezeDeep(profile);
  return profile;
}

function freezeDeep(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
}
