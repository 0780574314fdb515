import type { ContainerProfile } from "./container-profile.ts";
import { COMPLETION_ANNOTATION, KEPT_STATUS_ANNOTATION, STATUS_ANNOTATION } from "./profile-keys.ts";

/**
 * Where a profile is in its life. `ready` means still learning, `completed` is final; `too-large`: more was seen than its store takes,
 * and the object holds what fitted.
 * `""`: the object does not say, or says something unknown.
 *
 * @public
 */
export type ProfileStatus =
  | "initializing"
  | "ready"
  | "completed"
  | "incomplete"
  | "unauthorize"
  | "missing-runtime"
  | "too-large"
  | "failed"
  | "unsupported-schema"
  | "";

/** `complete` when the container was seen from its start; `""` when the object does not say. @public */
export type ProfileCompletion = "partial" | "complete" | "";

/**
 * Reads status and completion from the annotations.
 *
 * A `too-large` whose content is that of a time before the profile was completed ({@link KEPT_STATUS_ANNOTATION}) is `incomplete`: what a
 * container did then, and what was refused, would look unknown to whoever takes that content for final.
 *
 * @returns a new object; unknown values become `""`.
 *
 * @public
 */
export function profileStatus(profile: Pick<ContainerProfile, "metadata">): {
  readonly status: ProfileStatus;
  readonly completion: ProfileCompletion;
} {
  const annotations = profile.metadata.annotations;
  const completion = annotations?.[COMPLETION_ANNOTATION];
  const status = knownStatus(annotations?.[STATUS_ANNOTATION]);
  const keptStatus = annotations?.[KEPT_STATUS_ANNOTATION] ?? "completed";
  return {
    status: status === "too-large" && keptStatus !== "completed" ? "incomplete" : status,
    completion: completion === "partial" || completion === "complete" ? completion : "",
  };
}

function knownStatus(value: string | undefined): ProfileStatus {
  switch (value) {
    case "initializing":
    case "ready":
    case "completed":
    case "incomplete":
    case "unauthorize":
    case "missing-runtime":
    case "too-large":
    case "failed":
    case "unsupported-schema":
      return value;
    default:
      return "";
  }
}
