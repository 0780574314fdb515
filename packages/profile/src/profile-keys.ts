/** Annotation: where the profile is in its life, see `ProfileStatus`. @public */
export const STATUS_ANNOTATION = "kubescape.io/status";
/** Annotation: whether the container was seen from its start, see `ProfileCompletion`. @public */
export const COMPLETION_ANNOTATION = "kubescape.io/completion";
/** Annotation: content hash kept by the store. @public */
export const SYNC_CHECKSUM_ANNOTATION = "kubescape.io/sync-checksum";
/** Annotation: the instance id that the name was made from. @public */
export const INSTANCE_ID_ANNOTATION = "kubescape.io/instance-id";
/** Annotation: `User` marks ApplicationProfiles and NetworkNeighborhoods that users manage. @public */
export const MANAGED_BY_ANNOTATION = "kubescape.io/managed-by";
/** Annotation: the workload as `wlid://cluster-…/namespace-…/<kind>-<name>`, see `createWorkloadId`. @public */
export const WORKLOAD_ID_ANNOTATION = "kubescape.io/wlid";
/** Annotation: size of the profile as the store counts it. @public */
export const RESOURCE_SIZE_ANNOTATION = "kubescape.io/resource-size";
/** Annotation of a report: which chain of reports it belongs to. @public */
export const REPORT_SERIES_ANNOTATION = "kubescape.io/report-series-id";
/** Annotation of a report: when it was made. @public */
export const REPORT_TIME_ANNOTATION = "kubescape.io/report-timestamp";
/** Annotation of a report: when the one before it was made. @public */
export const PREVIOUS_REPORT_TIME_ANNOTATION = "kubescape.io/previous-report-timestamp";
/** Annotation: which list of the pod's spec the container stands in. @public */
export const CONTAINER_TYPE_ANNOTATION = "kubescape.io/workload-container-type";

/** Label of a pod: name of the user's profile or overlays in the pod's namespace. @public */
export const USER_DEFINED_PROFILE_LABEL = "kubescape.io/user-defined-profile";
/** Label of a pod: how long to learn, as `parseDuration` reads it. @public */
export const LEARNING_TIME_LABEL = "kubescape.io/max-sniffing-time";
/** Label of a report: how long is learned, as `formatDuration` writes it. @public */
export const LEARNING_PERIOD_LABEL = "kubescape.io/learning-period";
/** Label: the container's name. @public */
export const CONTAINER_NAME_LABEL = "kubescape.io/workload-container-name";
/** Label: API group of the owner, empty for the core group. @public */
export const WORKLOAD_API_GROUP_LABEL = "kubescape.io/workload-api-group";
/** Label: API version of the owner, without the group. @public */
export const WORKLOAD_API_VERSION_LABEL = "kubescape.io/workload-api-version";
/** Label: kind of the owner. @public */
export const WORKLOAD_KIND_LABEL = "kubescape.io/workload-kind";
/** Label: name of the owner. @public */
export const WORKLOAD_NAME_LABEL = "kubescape.io/workload-name";
/** Label: namespace of the owner. @public */
export const WORKLOAD_NAMESPACE_LABEL = "kubescape.io/workload-namespace";
/** Label: resource version of the owner. @public */
export const WORKLOAD_RESOURCE_VERSION_LABEL = "kubescape.io/workload-resource-version";
/** Label: the pod's template hash. @public */
export const TEMPLATE_HASH_LABEL = "kubescape.io/instance-template-hash";
/**
 * Annotation beside a status `too-large` that a store of this product wrote: the status of the content that the object has kept, empty
 * when it has none. @public
 */
export const KEPT_STATUS_ANNOTATION = "kinglet.dev/kept-status";
/**
 * Annotation of a learned profile, and of an authored one that was made of it: the surfaces of which its learners' sources saw anything at all, separated by commas, see
 * `unobservedSurfaces`. Absent: the learner does not say, and every list counts. @public
 */
export const OBSERVED_SURFACES_ANNOTATION = "kinglet.dev/observed-surfaces";
