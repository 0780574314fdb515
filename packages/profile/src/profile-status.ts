import type { ContainerProfile } from "./container-profile.ts";
import { COMPLETION_ANNOTATION, STATUS_ANNOTATION } from "./profile-keys.ts";

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
  return {
    status: knownStatus(annotations?.[STATUS_ANNOTATION]),
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
