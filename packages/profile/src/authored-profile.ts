import type { ContainerProfile, NamedProfileSurfaces } from "./container-profile.ts";
import { STATUS_ANNOTATION } from "./profile-keys.ts";

/**
 * Name of a user-managed overlay of a workload: `ug-<workload slug>`; the same for both kinds.
 *
 * @public
 */
export function userManagedName(workloadSlug: string): string {
  return `ug-${workloadSlug}`;
}

/**
 * Name under which an authored profile for one container is looked for first; the bare label is the second name, to be asked for
 * only when this one does not exist.
 *
 * @param label - value of the pod's label `kubescape.io/user-defined-profile`.
 *
 * @public
 */
export function authoredContainerProfileName(label: string, containerName: string): string {
  return `${label}-${containerName}`;
}

/** True for a profile that a learner wrote: it has a status. Authored ones have none. @public */
export function isLearnedProfile(profile: Pick<ContainerProfile, "metadata">): boolean {
  return (profile.metadata.annotations?.[STATUS_ANNOTATION] ?? "") !== "";
}

/**
 * What an authored profile says about one container.
 *
 * A flat document (no groups) is about whatever container it was looked up for and comes back as it is (`===`). Of a grouped one the
 * section of that name, searched in containers, init containers, ephemeral containers, becomes a flat profile with the document's
 * metadata, architectures and selector. A container that a grouped document does not name gets nothing, never a sibling's section.
 *
 * @returns `undefined` when the document says nothing about the container, or was learned.
 *
 * @public
 */
export function resolveAuthoredProfile(profile: ContainerProfile, containerName: string): ContainerProfile | undefined {
  if (isLearnedProfile(profile)) return undefined;
  const { spec } = profile;
  const isFlat =
    spec.containers.length === 0 && spec.initContainers.length === 0 && spec.ephemeralContainers.length === 0;
  if (isFlat) return profile;
  const isNamed = (item: NamedProfileSurfaces): boolean => item.name === containerName;
  const section =
    spec.containers.find(isNamed) ?? spec.initContainers.find(isNamed) ?? spec.ephemeralContainers.find(isNamed);
  if (section === undefined) return undefined;
  const { name: _name, ...surfaces } = section;
  return {
    ...profile,
    spec: {
      architectures: spec.architectures,
      ...surfaces,
      matchLabels: spec.matchLabels,
      matchExpressions: spec.matchExpressions,
      containers: [],
      initContainers: [],
      ephemeralContainers: [],
    },
  };
}
