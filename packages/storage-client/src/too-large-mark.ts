import {
  COMPLETION_ANNOTATION,
  KEPT_STATUS_ANNOTATION,
  parseContainerProfile,
  STATUS_ANNOTATION,
  type ContainerProfile,
  type ProfileCompletion,
  type ProfileStatus,
} from "@kinglet/profile";

const TOO_LARGE: ProfileStatus = "too-large";
const PARTIAL: ProfileCompletion = "partial";
/** What the two annotations would say had the object fitted. */
const REFUSED_STATUS_ANNOTATION = "kinglet.dev/refused-status";
const REFUSED_COMPLETION_ANNOTATION = "kinglet.dev/refused-completion";

/**
 * What says in the store that there would be more: status `too-large`, completion `partial`. It keeps the content that fitted before, and
 * notes what that content was worth: one that nobody completed, or none at all, must not be held against a container. What the refused
 * object said of itself is noted beside it, for {@link withoutMark}.
 *
 * @internal
 */
export function markTooLarge(refused: ContainerProfile, current: ContainerProfile | undefined): ContainerProfile {
  const { apiVersion, kind, metadata } = refused;
  const { [STATUS_ANNOTATION]: status, [COMPLETION_ANNOTATION]: completion, ...others } = metadata.annotations ?? {};
  const { [STATUS_ANNOTATION]: before = "", [KEPT_STATUS_ANNOTATION]: kept = "completed" } =
    current?.metadata.annotations ?? {};
  // Refused again: what is kept is still the content of before the first time.
  const keptStatus = before === TOO_LARGE ? kept : before;
  const annotations = {
    ...others,
    [KEPT_STATUS_ANNOTATION]: keptStatus,
    [STATUS_ANNOTATION]: TOO_LARGE,
    [COMPLETION_ANNOTATION]: PARTIAL,
    [REFUSED_STATUS_ANNOTATION]: status ?? "",
    [REFUSED_COMPLETION_ANNOTATION]: completion ?? "",
  };
  const { spec } = current ?? parseContainerProfile({ apiVersion, kind, metadata, spec: {} });
  return { apiVersion, kind, metadata: { ...metadata, annotations }, spec };
}

/**
 * The object as it would be without the mark: too large is what became of one write, so the next one decides anew. Of a `too-large` that
 * somebody else wrote only the status is left out, its completion is an observation.
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
    [KEPT_STATUS_ANNOTATION]: _keptStatus,
    [COMPLETION_ANNOTATION]: markedCompletion,
    [REFUSED_STATUS_ANNOTATION]: status = "",
    [REFUSED_COMPLETION_ANNOTATION]: completion = markedCompletion ?? "",
    ...others
  } = metadata.annotations;
  const annotations = {
    ...others,
    ...(status === "" ? undefined : { [STATUS_ANNOTATION]: status }),
    ...(completion === "" ? undefined : { [COMPLETION_ANNOTATION]: completion }),
  };
  return { ...profile, metadata: { ...metadata, annotations } };
}
