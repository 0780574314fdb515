import type { ContainerIdentity, ContainerIndex, PodView } from "@kinglet/enrichment";
import type { Informer } from "@kinglet/kube-client";
import { alternateName, containerSlug, workloadSlug } from "@kinglet/profile";
import type { ContainerRef, ProfileCache } from "@kinglet/profile-cache";
import type { Logger } from "@kinglet/logger";
import type { EventPipeline } from "./event-pipeline.ts";

/**
 * What a container watch works with.
 *
 * @internal
 */
export interface ContainerWatchOptions {
  readonly pods: Informer<PodView>;
  readonly index: ContainerIndex;
  readonly profiles: ProfileCache;
  readonly pipeline: Pick<EventPipeline, "containersAdded">;
  readonly ignoredNamespaces: ReadonlySet<string>;
  readonly logger: Logger;
}

/**
 * Follows the pods: containers go into the index, their profiles into the cache, waiting events on their way.
 *
 * A finished pod may stay for weeks (Jobs): its containers stay in the index, but their profiles only for the cache's grace, so that
 * finished pods neither take the places of running ones nor are asked for at every tick.
 *
 * A container that finds the cache full is watched as soon as another one leaves.
 *
 * @returns the function that stops it.
 *
 * @internal
 */
export function watchContainers(options: ContainerWatchOptions): () => void {
  const { pods, index, profiles, pipeline, ignoredNamespaces, logger } = options;
  /** Ids of running containers that found the cache full. */
  const refused = new Set<string>();
  const watchProfile = (identity: ContainerIdentity): boolean => {
    const ref = ignoredNamespaces.has(identity.namespace) ? undefined : tryRef(identity, logger);
    if (ref === undefined) return true;
    profiles.addContainer(ref);
    const isRefused = profiles.state(identity.containerId) === undefined;
    if (isRefused) refused.add(identity.containerId);
    else refused.delete(identity.containerId);
    return !isRefused;
  };
  const leave = (identities: readonly ContainerIdentity[]): void => {
    for (const { containerId } of identities) {
      refused.delete(containerId);
      profiles.removeContainer(containerId);
    }
    // Each one that leaves makes room for one that was refused.
    let room = identities.length;
    for (const containerId of refused) {
      const identity = index.get(containerId);
      if (room-- <= 0 || identity === undefined || !watchProfile(identity)) return;
    }
  };
  const changed = (pod: PodView, old?: PodView): void => {
    const change = index.setPod(pod);
    leave(change.removed);
    // Kubernetes knows no way back from there, but a status is only what somebody wrote.
    const isBack = old !== undefined && isFinished(old) && !isFinished(pod);
    for (const identity of isBack ? index.containersOfPod(pod.metadata.uid) : change.added) watchProfile(identity);
    if (change.added.length > 0) pipeline.containersAdded(change.added);
    if (isFinished(pod)) leave(index.containersOfPod(pod.metadata.uid));
  };
  const registration = pods.addHandler({
    onAdd: (pod) => changed(pod),
    onUpdate: changed,
    onDelete: (pod) => leave(index.removePod(pod.metadata.uid)),
  });
  return () => registration.remove();
}

function isFinished({ status }: PodView): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Label of a pod that names a profile somebody wrote. */
const userProfileLabel = "kubescape.io/user-defined-profile";

/** The container with the names under which its profile is kept; undefined when its owner's name cannot be part of an object's name. */
function tryRef(identity: ContainerIdentity, logger: Logger): ContainerRef | undefined {
  const { containerId, podUid, namespace, podName, containerName, podLabels, ownerKind, ownerName } = identity;
  const parts = {
    apiVersion: identity.ownerApiVersion,
    namespace,
    kind: ownerKind,
    name: alternateName(ownerKind, ownerName, podLabels) ?? ownerName,
    containerType: identity.containerType,
    containerName,
  };
  try {
    const profileName = containerSlug(parts);
    const workloadName = workloadSlug(parts);
    const ref = { containerId, podUid, namespace, podName, containerName, profileName, workloadName };
    const userProfile = podLabels?.[userProfileLabel];
    return userProfile === undefined ? ref : { ...ref, userProfile };
  } catch (error) {
    logger.warn("a container cannot have a profile", { namespace, pod: podName, error });
    return undefined;
  }
}
