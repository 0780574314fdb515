/** Labels that change with every roll-out or from pod to pod, so that they say nothing about the peer. */
const PASSING: ReadonlySet<string> = new Set([
  "controller-revision-hash",
  "controller-uid",
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
  "batch.kubernetes.io/job-completion-index",
  "job-name",
  "job-completion-index",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
]);

/** The labels by which a pod is the same after the next roll-out. @internal */
export function peerLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = Object.entries(labels).filter(([name]) => !name.startsWith("pod-template-") && !PASSING.has(name));
  return Object.fromEntries(kept);
}
