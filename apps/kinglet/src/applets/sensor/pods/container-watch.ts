import type { ContainerIdentity, ContainerIndex } from "@kinglet/enrichment";
import type { Informer } from "@kinglet/kube-client";
import { alternateName, containerSlug, isCronJobRun, workloadSlug, type InstanceIdParts } from "@kinglet/profile";
import type { ContainerRef, ProfileCache } from "@kinglet/profile-cache";
import type { Logger } from "@kinglet/logger";
import type { ContainerLearning } from "../learning/container-learning.ts";
import type { EventPipeline } from "../events/event-pipeline.ts";
import type { PodDetails } from "./pod-details.ts";
import type { RunNames } from "./run-names.ts";

/**
 * What a container watch works with.
 *
 * @internal
 */
export interface ContainerWatchOptions {
  readonly pods: Informer<PodDetails>;
  readonly index: ContainerIndex;
  readonly profiles: ProfileCache;
  readonly pipeline: Pick<EventPipeline, "containersAdded" | "profileChanged">;
  readonly ignoredNamespaces: ReadonlySet<string>;
  /** Called with the first container that is watched. */
  readonly onFirstContainer?: () => void;
  /** Called with the first container of a CronJob's run. */
  readonly openRunNames: () => Promise<Pick<RunNames, "hashOf" | "forget">>;
  /** Hands a note to learning, which may have to be loaded for it; absent: nothing is learned. */
  readonly learning?: (note: (learning: ContainerLearning) => void) => void;
  /** True once there was something to learn, loaded for it or still loading: until then nobody wants to know how containers ended. */
  readonly isLearning?: () => boolean;
  readonly logger: Logger;
}

/** A running watch. @internal */
export interface ContainerWatch {
  /** Containers whose profile's name is being found out: not in the cache yet. */
  readonly naming: ReadonlyMap<string, unknown>;
  readonly stop: () => void;
}

/**
 * Follows the pods: containers go into the index, their profiles into the cache, waiting events on their way.
 *
 * A finished pod may stay for weeks (Jobs): its containers stay in the index, but their profiles only for the cache's grace, so that
 * finished pods neither take the places of running ones nor are asked for at every tick.
 *
 * What ran before a container, and had ended when its pod was first seen so, is watched for the grace as well: its events may still come.
 *
 * A container that finds the cache full is watched as soon as another one leaves. One of a CronJob's run is watched once the hash is known
 * that all runs have in common.
 *
 * @internal
 */
export function watchContainers(options: ContainerWatchOptions): ContainerWatch {
  const { pods, index, profiles, pipeline, ignoredNamespaces, logger } = options;
  /** Ids of running containers that found the cache full. */
  const refused = new Set<string>();
  const naming = new Map<string, { readonly podUid: string; readonly end: AbortController }>();
  let isFirst = true;
  let runNames: ReturnType<ContainerWatchOptions["openRunNames"]> | undefined;
  const learn = (identity: ContainerIdentity, profileName: string, parts: InstanceIdParts): void => {
    if (options.learning === undefined) return;
    const pod = pods.get(`${identity.namespace}/${identity.podName}`);
    if (pod !== undefined) options.learning((learning) => learning.watched(identity, profileName, parts, pod));
  };
  const watchProfile = (identity: ContainerIdentity, hash?: string): boolean => {
    if (ignoredNamespaces.has(identity.namespace)) return true;
    const parts = instanceOf(identity, hash);
    const ref = tryRef(identity, parts, logger);
    if (ref === undefined) return true;
    profiles.addContainer(ref);
    if (isFirst) {
      isFirst = false;
      options.onFirstContainer?.();
    }
    learn(identity, ref.profileName, parts);
    const isRefused = profiles.state(identity.containerId) === undefined;
    if (isRefused) refused.add(identity.containerId);
    else refused.delete(identity.containerId);
    return !isRefused;
  };
  const nameRun = async (identity: ContainerIdentity, hasEnded: boolean): Promise<void> => {
    const { containerId, podUid } = identity;
    const end = new AbortController();
    naming.set(containerId, { podUid, end });
    let hash: string | undefined;
    try {
      hash = await (await (runNames ??= options.openRunNames())).hashOf(identity, end.signal);
    } catch {
      // It left meanwhile; or there are no names to be had, and its own must do.
    }
    if (!end.signal.aborted) {
      naming.delete(containerId);
      watchProfile(identity, hash);
      if (hasEnded) leave([identity]);
    }
    pipeline.profileChanged(containerId);
  };
  const isNamedLater = (identity: ContainerIdentity, hasEnded: boolean): boolean => {
    const isRun = identity.ownerKind === "Job" && isCronJobRun(identity.ownerName);
    if (!isRun || ignoredNamespaces.has(identity.namespace)) return false;
    if (!naming.has(identity.containerId)) void nameRun(identity, hasEnded);
    return true;
  };
  const watch = (identity: ContainerIdentity): boolean => isNamedLater(identity, false) || watchProfile(identity);
  const endNaming = (containerId: string): void => {
    naming.get(containerId)?.end.abort();
    naming.delete(containerId);
  };
  const leave = (identities: readonly ContainerIdentity[]): void => {
    for (const { containerId } of identities) {
      endNaming(containerId);
      refused.delete(containerId);
      profiles.removeContainer(containerId);
      if (options.isLearning?.() === true) options.learning?.((learning) => learning.left(containerId));
    }
    // Each one that leaves makes room for one that was refused.
    let room = identities.length;
    for (const containerId of refused) {
      const identity = index.get(containerId);
      if (room-- <= 0 || identity === undefined || !watch(identity)) return;
    }
  };
  const leavePod = (podUid: string, identities: readonly ContainerIdentity[]): void => {
    leave(identities);
    // Also of what had ended before, which is none of the pod's containers any more.
    for (const [containerId, one] of naming) if (one.podUid === podUid) endNaming(containerId);
    void runNames?.then(
      (names) => names.forget(podUid),
      () => {},
    );
  };
  const changed = (pod: PodDetails, old?: PodDetails): void => {
    const change = index.setPod(pod);
    if (options.isLearning?.() === true) options.learning?.((learning) => learning.seen(pod));
    leave(change.removed);
    // Kubernetes knows no way back from there, but a status is only what somebody wrote.
    const isBack = old !== undefined && isFinished(old) && !isFinished(pod);
    const { uid } = pod.metadata;
    for (const identity of isBack ? index.containersOfPod(uid) : change.added) {
      // Nobody asks for the profile of one that has ended, so its name need not be the right one.
      if (isFinished(pod)) watchProfile(identity);
      else watch(identity);
    }
    for (const identity of change.ended) {
      if (!isFinished(pod) && isNamedLater(identity, true)) continue;
      watchProfile(identity);
      leave([identity]);
    }
    if (change.ended.length > 0) pipeline.containersAdded(change.ended);
    if (change.added.length > 0) pipeline.containersAdded(change.added);
    if (isFinished(pod)) leavePod(uid, index.containersOfPod(uid));
  };
  const registration = pods.addHandler({
    onAdd: (pod) => changed(pod),
    onUpdate: changed,
    onDelete: ({ metadata: { uid } }) => leavePod(uid, index.removePod(uid)),
  });
  return {
    naming,
    stop: () => {
      registration.remove();
      for (const { end } of naming.values()) end.abort();
    },
  };
}

function isFinished({ status }: PodDetails): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Label of a pod that names a profile somebody wrote. */
const userProfileLabel = "kubescape.io/user-defined-profile";

/** What the names of a container's profile are made of. */
function instanceOf(identity: ContainerIdentity, hash: string | undefined): InstanceIdParts {
  const { namespace, containerName, containerType, podLabels, ownerApiVersion, ownerKind, ownerName } = identity;
  const name = alternateName(ownerKind, ownerName, podLabels, hash) ?? ownerName;
  return { apiVersion: ownerApiVersion, namespace, kind: ownerKind, name, containerType, containerName };
}

/** The container with the names under which its profile is kept; undefined when its owner's name cannot be part of an object's name. */
function tryRef(identity: ContainerIdentity, parts: InstanceIdParts, logger: Logger): ContainerRef | undefined {
  const { containerId, podUid, namespace, podName, containerName, podLabels } = identity;
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
