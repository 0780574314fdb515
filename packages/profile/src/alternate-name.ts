/**
 * The name that stands in for the owner's where it identifies the pod template better:
 * a DaemonSet's name with the pod's `controller-revision-hash`, a StatefulSet's `controller-revision-hash` alone.
 *
 * Jobs made by a CronJob are not covered: their stand-in needs a hash of the pod's spec.
 *
 * @param ownerKind - kind of the pod's first owner reference.
 * @param ownerName - its name.
 * @param podLabels - labels of the pod.
 * @returns `undefined` when the owner's own name is the right one.
 *
 * @public
 */
export function alternateName(
  ownerKind: string,
  ownerName: string,
  podLabels: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const revision = podLabels?.["controller-revision-hash"];
  if (revision === undefined) return undefined;
  if (ownerKind === "DaemonSet") return `${ownerName}-${revision}`;
  if (ownerKind === "StatefulSet" && revision !== "") return revision;
  return undefined;
}
