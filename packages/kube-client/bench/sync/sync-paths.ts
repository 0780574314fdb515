/** What an enforcing or enriching program keeps of a pod; the Go peer's transform keeps the same. */
export const SYNC_PATHS: readonly string[] = [
  "metadata.labels",
  "metadata.ownerReferences[].apiVersion",
  "metadata.ownerReferences[].kind",
  "metadata.ownerReferences[].name",
  "metadata.ownerReferences[].controller",
  "spec.nodeName",
  "spec.containers[].name",
  "spec.containers[].image",
  "status.phase",
  "status.containerStatuses[].name",
  "status.containerStatuses[].containerID",
  "status.containerStatuses[].imageID",
];
