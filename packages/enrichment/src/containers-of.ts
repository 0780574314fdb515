import { Buffer } from "node:buffer";
import type { ContainerIdentity, ContainerType } from "./container-identity.ts";
import type { PodView, PodViewContainer, PodViewContainerStatus } from "./pod-view.ts";
import type { StringPool } from "./string-pool.ts";

interface PodPart {
  readonly podUid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly nodeName: string;
  readonly ownerApiVersion: string;
  readonly ownerKind: string;
  readonly ownerName: string;
  readonly templateHash: string;
  readonly podLabels: Readonly<Record<string, string>> | undefined;
}

/**
 * The containers of a pod that have an id by now.
 *
 * @param idOf - the id to take of a status, with the runtime in front; undefined: none.
 * @param known - what this returned for the version before: identities that did not change are taken from there.
 * @returns `known` itself when nothing changed.
 *
 * @internal
 */
export function containersOf(
  pod: PodView,
  known: readonly ContainerIdentity[],
  strings: StringPool,
  idOf: (status: PodViewContainerStatus) => string | undefined = ({ containerID }) => containerID,
): readonly ContainerIdentity[] {
  const part = podPart(pod, known[0], strings);
  const found: ContainerIdentity[] = [];
  const { spec, status } = pod;
  collect("initContainers", spec.initContainers, status?.initContainerStatuses);
  collect("containers", spec.containers, status?.containerStatuses);
  collect("ephemeralContainers", spec.ephemeralContainers, status?.ephemeralContainerStatuses);
  const isSame = found.length === known.length && found.every((identity, index) => identity === known[index]);
  return isSame ? known : found;

  function collect(
    containerType: ContainerType,
    declared: readonly PodViewContainer[] | undefined,
    statuses: readonly PodViewContainerStatus[] | undefined,
  ): void {
    if (statuses === undefined) return;
    for (const status of statuses) {
      const id = idOf(status);
      const idStart = startOfId(id);
      if (id === undefined || idStart < 0) continue;
      const before = known.find((identity) => id.endsWith(identity.containerId));
      const image = declared?.find((container) => container.name === status.name)?.image ?? "";
      const imageId = status.imageID ?? "";
      if (before !== undefined && isUnchanged(before, part, containerType, status.name, image, imageId)) {
        found.push(before);
        continue;
      }
      found.push({
        containerId: before?.containerId ?? copyOf(id, idStart),
        podUid: part.podUid,
        namespace: part.namespace,
        podName: part.podName,
        containerName: strings.share(status.name),
        containerType,
        image: strings.share(image),
        imageId: strings.share(imageId),
        nodeName: part.nodeName,
        ownerApiVersion: part.ownerApiVersion,
        ownerKind: part.ownerKind,
        ownerName: part.ownerName,
        templateHash: part.templateHash,
        podLabels: part.podLabels ?? noLabels,
      });
    }
  }
}

/**
 * What ran before the pod's present containers, as far as its statuses name it, with the runtime in front.
 *
 * @param known - what this returned for the version before.
 * @returns `known` itself when nothing changed.
 *
 * @internal
 */
export function previousIds({ status }: PodView, known: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const list of [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]) {
    for (const one of list ?? []) {
      const id = previousId(one);
      if (id !== undefined) found.push(id);
    }
  }
  return found.length === known.length && found.every((id, index) => id === known[index]) ? known : found;
}

/** @internal */
export function previousId({ lastState }: PodViewContainerStatus): string | undefined {
  return lastState?.terminated?.containerID;
}

const noLabels: Readonly<Record<string, string>> = {};

function podPart(pod: PodView, before: ContainerIdentity | undefined, strings: StringPool): PodPart {
  const { metadata, spec } = pod;
  const owner = metadata.ownerReferences?.[0];
  // A static pod is owned by its Node, which says nothing about what runs in it.
  const isOwned = owner !== undefined && owner.kind !== "Node";
  return {
    podUid: before?.podUid ?? metadata.uid,
    namespace: strings.share(metadata.namespace),
    podName: before?.podName ?? metadata.name,
    nodeName: strings.share(spec.nodeName ?? ""),
    ownerApiVersion: isOwned ? strings.share(owner.apiVersion) : "v1",
    ownerKind: isOwned ? strings.share(owner.kind) : "Pod",
    ownerName: isOwned ? strings.share(owner.name) : (before?.podName ?? metadata.name),
    templateHash: strings.share(metadata.labels?.["pod-template-hash"] ?? ""),
    podLabels: metadata.labels,
  };
}

function isUnchanged(
  before: ContainerIdentity,
  part: PodPart,
  containerType: ContainerType,
  containerName: string,
  image: string,
  imageId: string,
): boolean {
  return (
    before.containerName === containerName &&
    before.containerType === containerType &&
    before.image === image &&
    before.imageId === imageId &&
    before.nodeName === part.nodeName &&
    before.ownerName === part.ownerName &&
    before.ownerKind === part.ownerKind &&
    before.ownerApiVersion === part.ownerApiVersion &&
    before.templateHash === part.templateHash &&
    hasSameLabels(before.podLabels ?? noLabels, part.podLabels ?? noLabels)
  );
}

function hasSameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  if (one === other) return true;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => one[name] === other[name]);
}

/** Where the id begins in `containerd://<id>`; -1 when there is none, or it is too short to be told from others. */
function startOfId(containerID: string | undefined): number {
  if (containerID === undefined) return -1;
  const start = containerID.indexOf("://") + 3;
  return start >= 3 && containerID.length - start >= 12 ? start : -1;
}

/** A slice would keep the whole text with the runtime's name alive, behind a second string object. */
function copyOf(text: string, start: number): string {
  return Buffer.from(text.slice(start), "latin1").toString("latin1");
}
