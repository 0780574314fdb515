import type { ContainerIdentity } from "@kinglet/enrichment";
import {
  alternateName,
  CONTAINER_PROFILE_KIND,
  CONTAINER_TYPE_ANNOTATION,
  createInstanceId,
  createWorkloadId,
  INSTANCE_ID_ANNOTATION,
  isCronJobRun,
  legalLabels,
  PROFILE_API_VERSION,
  WORKLOAD_API_GROUP_LABEL,
  WORKLOAD_API_VERSION_LABEL,
  WORKLOAD_ID_ANNOTATION,
  WORKLOAD_KIND_LABEL,
  WORKLOAD_NAME_LABEL,
  workloadLabels,
  type ContainerProfile,
  type InstanceIdParts,
} from "@kinglet/profile";
import { peerLabels } from "./peer-labels.ts";
import type { RecordedSurfaces } from "./recording.ts";

/** Everything of a profile but what was recorded. @internal */
export interface ProfileHead {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly imageID: string;
  readonly imageTag: string;
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** Says which container a profile is about. @internal */
export function createProfileHead(
  identity: ContainerIdentity,
  options: {
    readonly name: string;
    readonly instance: InstanceIdParts | undefined;
    readonly clusterName: string;
    readonly architecture: string;
  },
): ProfileHead {
  const { podLabels = {}, ownerKind, ownerName, namespace, containerType, containerName, templateHash } = identity;
  const instance: InstanceIdParts = options.instance ?? {
    apiVersion: identity.ownerApiVersion,
    namespace,
    kind: ownerKind,
    name: ownerName,
    alternateName: alternateName(ownerKind, ownerName, podLabels),
    containerType,
    containerName,
  };
  const workload = topWorkload(instance, templateHash);
  return {
    namespace,
    name: options.name,
    annotations: {
      [INSTANCE_ID_ANNOTATION]: createInstanceId(instance),
      [CONTAINER_TYPE_ANNOTATION]: containerType,
      ...(options.clusterName === ""
        ? undefined
        : { [WORKLOAD_ID_ANNOTATION]: createWorkloadId(options.clusterName, { namespace, ...workload }) }),
    },
    labels: {
      ...workloadLabels(instance, templateHash),
      ...legalLabels({
        [WORKLOAD_API_GROUP_LABEL]: workload.group,
        [WORKLOAD_API_VERSION_LABEL]: workload.version,
        [WORKLOAD_KIND_LABEL]: workload.kind,
        [WORKLOAD_NAME_LABEL]: workload.name,
      }),
    },
    architecture: options.architecture,
    imageID: identity.imageId,
    imageTag: identity.image,
    matchLabels: peerLabels(podLabels),
  };
}

/** The profile as it is written. @internal */
export function createLearnedProfile(
  head: ProfileHead,
  surfaces: RecordedSurfaces,
  lifecycle: Readonly<Record<string, string>>,
): ContainerProfile {
  return {
    apiVersion: PROFILE_API_VERSION,
    kind: CONTAINER_PROFILE_KIND,
    metadata: {
      namespace: head.namespace,
      name: head.name,
      annotations: { ...head.annotations, ...lifecycle },
      labels: head.labels,
    },
    spec: {
      architectures: [head.architecture],
      ...surfaces,
      endpoints: [],
      imageID: head.imageID,
      imageTag: head.imageTag,
      identifiedCallStacks: [],
      matchLabels: head.matchLabels,
      matchExpressions: [],
      containers: [],
      initContainers: [],
      ephemeralContainers: [],
    },
  };
}

/** Who owns the owner, as far as names tell: a Deployment its ReplicaSet, a CronJob its runs. */
function topWorkload(
  { apiVersion, kind, name }: InstanceIdParts,
  templateHash: string,
): { readonly group: string; readonly version: string; readonly kind: string; readonly name: string } {
  const slash = apiVersion.indexOf("/");
  const group = slash === -1 ? "" : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const end = `-${templateHash}`;
  if (kind === "ReplicaSet" && templateHash !== "" && name.endsWith(end)) {
    return { group, version, kind: "Deployment", name: name.slice(0, -end.length) };
  }
  if (kind === "Job" && isCronJobRun(name)) {
    return { group, version, kind: "CronJob", name: name.slice(0, name.lastIndexOf("-")) };
  }
  return { group, version, kind, name };
}
