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
 * @returns the function that stops it.
 *
 * @internal
 */
export function watchContainers(options: ContainerWatchOptions): () => void {
  const { pods, index, profiles, pipeline, ignoredNamespaces, logger } = options;
  const watchProfiles = (identities: Iterable<ContainerIdentity>): void => {
    for (const identity of identities) {
      const profileName = ignoredNamespaces.has(identity.namespace) ? undefined : tryProfileName(identity, logger);
      if (profileName !== undefined) profiles.addContainer({ ...refOf(identity), profileName });
    }
  };
  const changed = (pod: PodView, old?: PodView): void => {
    const change = index.setPod(pod);
    for (const identity of change.removed) profiles.removeContainer(identity.containerId);
    // Kubernetes knows no way back from there, but a status is only what somebody wrote.
    const isBack = old !== undefined && isFinished(old) && !isFinished(pod);
    watchProfiles(isBack ? index.containersOfPod(pod.metadata.uid) : change.added);
    if (change.added.length > 0) pipeline.containersAdded(change.added);
    if (isFinished(pod)) {
      for (const { containerId } of index.containersOfPod(pod.metadata.uid)) profiles.removeContainer(containerId);
    }
  };
  return pods.addHandler({
    onAdd: changed,
    onUpdate: changed,
    onDelete: (pod) => {
      for (const identity of index.removePod(pod.metadata.uid)) profiles.removeContainer(identity.containerId);
    },
  });
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
