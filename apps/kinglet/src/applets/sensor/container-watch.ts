import type { ContainerIdentity, ContainerIndex, PodView } from "@kinglet/enrichment";
import type { Informer } from "@kinglet/kube-client";
import { alternateName, containerSlug } from "@kinglet/profile";
import type { ProfileCache } from "@kinglet/profile-cache";
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
    const profileName = ignoredNamespaces.has(identity.namespace) ? undefined : tryProfileName(identity, logger);
    if (profileName === undefined) return true;
    profiles.addContainer({ ...refOf(identity), profileName });
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

function refOf({ containerId, namespace, podName, containerName }: ContainerIdentity) {
  return { containerId, namespace, podName, containerName };
}

/** The name under which the container's profile is kept; undefined when its owner's name cannot be part of an object's name. */
function tryProfileName(identity: ContainerIdentity, logger: Logger): string | undefined {
  try {
    return containerSlug({
      apiVersion: identity.ownerApiVersion,
      namespace: identity.namespace,
      kind: identity.ownerKind,
      name: alternateName(identity.ownerKind, identity.ownerName, identity.podLabels) ?? identity.ownerName,
      containerType: identity.containerType,
      containerName: identity.containerName,
    });
  } catch (error) {
    logger.warn("a container cannot have a profile", { namespace: identity.namespace, pod: identity.podName, error });
    return undefined;
  }
}
