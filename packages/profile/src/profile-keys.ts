/** Annotation: where the profile is in its life, see `ProfileStatus`. @public */
export const STATUS_ANNOTATION = "kubescape.io/status";
/** Annotation: whether the container was seen from its start, see `ProfileCompletion`. @public */
export const COMPLETION_ANNOTATION = "kubescape.io/completion";
/** Annotation: content hash kept by the store. @public */
export const SYNC_CHECKSUM_ANNOTATION = "kubescape.io/sync-checksum";
/** Annotation: the instance id that the name was made from. @public */
export const INSTANCE_ID_ANNOTATION = "kubescape.io/instance-id";
