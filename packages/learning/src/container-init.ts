import type { ContainerIdentity } from "@kinglet/enrichment";
import { LEARNING_TIME_LABEL, parseDuration, USER_DEFINED_PROFILE_LABEL } from "@kinglet/profile";
import { runsToCompletion, type LearnedContainerInit } from "./learned-container.ts";
import type { ContainerStart } from "./learner-options.ts";

/** A shorter time that a label asks for is no time to learn anything in. */
const MIN_WINDOW_MS = 1_000;

/** What is known of a container that is reported now. @internal */
export function createContainerInit(
  identity: ContainerIdentity,
  start: ContainerStart,
  options: { readonly nowMs: number; readonly maxLearningMs: number },
): LearnedContainerInit {
  const { nowMs, maxLearningMs } = options;
  const startedAtMs = Math.min(start.startedAtMs ?? nowMs, nowMs);
  const label = identity.podLabels?.[LEARNING_TIME_LABEL];
  const window = label === undefined ? undefined : parseDuration(label);
  return {
    containerId: identity.containerId,
    namespace: identity.namespace,
    podName: identity.podName,
    containerName: identity.containerName,
    startedAtMs,
    learnedSinceMs: start.isAlreadyRunning ? nowMs : startedAtMs,
    windowMs: window === undefined ? maxLearningMs : Math.max(window, MIN_WINDOW_MS),
    isFromStart: !start.isAlreadyRunning,
    runsToCompletion: runsToCompletion(identity),
  };
}

/** How a container is learned, one sentence. @internal */
export function learnedHow({ podLabels }: ContainerIdentity, isFromStart: boolean): string {
  const how = isFromStart ? "it is learned from its start" : "it ran before it was watched";
  const label = podLabels?.[LEARNING_TIME_LABEL];
  if (label === undefined || parseDuration(label) !== undefined) return how;
  return `${how}; the pod's label ${LEARNING_TIME_LABEL} is no duration and counts for nothing: ${JSON.stringify(label)}`;
}

/** Why a container is not learned at all; undefined when it is. @internal */
export function ignoredBecause(identity: ContainerIdentity, start: ContainerStart): string | undefined {
  if (start.ignoredBecause !== undefined) return start.ignoredBecause;
  if (start.profileName === "" || identity.ownerName === "" || identity.namespace === "") {
    return "its profile cannot have a name";
  }
  const userProfile = identity.podLabels?.[USER_DEFINED_PROFILE_LABEL] ?? "";
  return userProfile === "" ? undefined : "its pod names a user's profile";
}
