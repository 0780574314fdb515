/** Minutes that fit into 63 bits of seconds: the greatest stamp that counts as one. */
const MAX_MINUTES = 153_722_867_280_912_930n;

/**
 * The name that stands in for the owner's where it identifies the pod template better:
 * a DaemonSet's name with the pod's `controller-revision-hash`, a StatefulSet's `controller-revision-hash` alone, a CronJob's run
 * (see {@link isCronJobRun}) with the hash of the pod's spec in place of its time.
 *
 * @param ownerKind - kind of the pod's first owner reference.
 * @param ownerName - its name.
 * @param podLabels - labels of the pod.
 * @param podSpecHash - see `podSpecHash`; without it a CronJob's run keeps its own name, and so every run has profiles of its own.
 * @returns `undefined` when the owner's own name is the right one.
 *
 * @public
 */
export function alternateName(
  ownerKind: string,
  ownerName: string,
  podLabels: Readonly<Record<string, string>> | undefined,
  podSpecHash?: string,
): string | undefined {
  if (ownerKind === "Job") {
    if (podSpecHash === undefined || !isCronJobRun(ownerName)) return undefined;
    return ownerName.slice(0, ownerName.lastIndexOf("-") + 1) + podSpecHash;
  }
  const revision = podLabels?.["controller-revision-hash"];
  if (revision === undefined) return undefined;
  if (ownerKind === "DaemonSet") return `${ownerName}-${revision}`;
  if (ownerKind === "StatefulSet" && revision !== "") return revision;
  return undefined;
}

/**
 * True for the name that a CronJob gives its Jobs: something, a dash, the scheduled time in minutes since 1970.
 *
 * @public
 */
export function isCronJobRun(jobName: string): boolean {
  const dash = jobName.lastIndexOf("-");
  const stamp = jobName.slice(dash + 1);
  // No longer than the bound, so that a hostile name is not turned into a number of any size.
  if (dash === -1 || !/^\d{1,40}$/.test(stamp)) return false;
  const minutes = BigInt(stamp);
  return minutes > 0n && minutes < MAX_MINUTES;
}
