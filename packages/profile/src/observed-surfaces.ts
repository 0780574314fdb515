import type { ContainerProfile } from "./container-profile.ts";
import { OBSERVED_SURFACES_ANNOTATION } from "./profile-keys.ts";

/** The parts of a profile that a rule can ask about, named as rules name them in `profileDataRequired`. @public */
export type ProfileSurface =
  | "capabilities"
  | "egressAddresses"
  | "egressDomains"
  | "endpoints"
  | "execs"
  | "ingressAddresses"
  | "ingressDomains"
  | "opens"
  | "syscalls";

/** Every surface, sorted. @public */
export const PROFILE_SURFACES: readonly ProfileSurface[] = [
  "capabilities",
  "egressAddresses",
  "egressDomains",
  "endpoints",
  "execs",
  "ingressAddresses",
  "ingressDomains",
  "opens",
  "syscalls",
];
const none: readonly ProfileSurface[] = [];

/**
 * Surfaces of which nobody who learned the profile saw anything of any container, so that an empty list says nothing: they must not be
 * held against a container.
 *
 * An authored profile that was made of a learned one has what that one says; of a profile that somebody wrote every list counts.
 *
 * @returns sorted; empty, and always the same array, for a profile that does not say.
 *
 * @public
 */
export function unobservedSurfaces({ metadata }: Pick<ContainerProfile, "metadata">): readonly ProfileSurface[] {
  const { annotations } = metadata;
  const text = annotations?.[OBSERVED_SURFACES_ANNOTATION];
  if (text === undefined) return none;
  const observed = text.split(",");
  const missing = PROFILE_SURFACES.filter((surface) => !observed.includes(surface));
  return missing.length === 0 ? none : missing;
}

/** The value of {@link OBSERVED_SURFACES_ANNOTATION} for these surfaces: each once, sorted. @public */
export function observedSurfacesText(observed: Iterable<string>): string {
  return [...new Set(observed)]
    .filter((word) => word !== "")
    .toSorted()
    .join(",");
}
