import {
  COMPLETION_ANNOTATION,
  KEPT_STATUS_ANNOTATION,
  OBSERVED_SURFACES_ANNOTATION,
  parseContainerProfile,
  STATUS_ANNOTATION,
  type ContainerProfile,
  type ProfileCompletion,
  type ProfileStatus,
} from "@kinglet/profile";

const TOO_LARGE: ProfileStatus = "too-large";
const PARTIAL: ProfileCompletion = "partial";
/** The completion of what is kept, beside its status. */
const KEPT_COMPLETION_ANNOTATION = "kinglet.dev/kept-completion";

/**
 * What says in the store that there would be more: status `too-large`, completion `partial`. It keeps the content that fitted before, and
 * notes what that content was worth: one that nobody completed, or none at all, must not be held against a container. What the refused
 * object says of itself is not noted: it is true of what was refused only, and its writer says it again with what fits.
 *
 * @internal
 */
export function markTooLarge(refused: ContainerProfile, current: ContainerProfile | undefined): ContainerProfile {
  const { apiVersion, kind, metadata } = refused;
  const before = current?.metadata.annotations ?? {};
  // Refused again: what is kept is still the content of before the first time.
  const isAgain = before[STATUS_ANNOTATION] === TOO_LARGE;
  const keptStatus = isAgain ? (before[KEPT_STATUS_ANNOTATION] ?? "completed") : before[STATUS_ANNOTATION];
  const keptCompletion = (isAgain ? before[KEPT_COMPLETION_ANNOTATION] : undefined) ?? before[COMPLETION_ANNOTATION];
  const annotations: Record<string, string> = {
    ...metadata.annotations,
    [STATUS_ANNOTATION]: TOO_LARGE,
    [COMPLETION_ANNOTATION]: PARTIAL,
    [KEPT_STATUS_ANNOTATION]: keptStatus ?? "",
    [KEPT_COMPLETION_ANNOTATION]: keptCompletion ?? "",
  };
  // What was kept is all that anybody looked at: an empty list beside it says nothing of what was refused.
  const { [OBSERVED_SURFACES_ANNOTATION]: observed } = before;
  if (observed !== undefined) annotations[OBSERVED_SURFACES_ANNOTATION] = observed;
  const { spec } = current ?? parseContainerProfile({ apiVersion, kind, metadata, spec: {} });
  return { apiVersion, kind, metadata: { ...metadata, annotations }, spec };
}

/**
 * The object as it was before the mark: too large is what became of one write, so the next one decides anew, over what was kept with the
 * status that this had. So nothing counts as completed of which a part was refused. Of a `too-large` that somebody else wrote only the
 * status is left out, its completion is an observation.
 *
 * @returns the same object when there is no mark.
 *
 * @internal
 */
export function withoutMark(profile: ContainerProfile): ContainerProfile {
  const { metadata } = profile;
  if (metadata.annotations?.[STATUS_ANNOTATION] !== TOO_LARGE) return profile;
  const {
    [STATUS_ANNOTATION]: _status,
    [KEPT_STATUS_ANNOTATION]: status = "",
    [COMPLETION_ANNOTATION]: markedCompletion,
    [KEPT_COMPLETION_ANNOTATION]: completion = markedCompletion ?? "",
    ...others
  } = metadata.annotations;
  const annotations = {
    ...others,
    ...(status === "" ? undefined : { [STATUS_ANNOTATION]: status }),
    ...(completion === "" ? undefined : { [COMPLETION_ANNOTATION]: completion }),
  };
  return { ...profile, metadata: { ...metadata, annotations } };
}
