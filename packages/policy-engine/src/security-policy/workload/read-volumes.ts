import { isObject, objectsIn, textIn, type LooseObject } from "./json-reading.ts";
import type { MountedVolume, MountPropagation } from "./workload.ts";

/** A volume of a pod, before a container mounts it. @internal */
export interface PodVolume {
  readonly type: string;
  readonly source: string;
  /** Said of the volume as a whole: no mount of it is writable. */
  readonly readOnly: boolean;
}

/** Which member of a volume source names what is mounted; types without one have an empty source. */
const sourceMembers: Readonly<Record<string, string>> = {
  hostPath: "path",
  persistentVolumeClaim: "claimName",
  secret: "secretName",
  configMap: "name",
  nfs: "server",
  csi: "driver",
  awsElasticBlockStore: "volumeID",
  gcePersistentDisk: "pdName",
  azureDisk: "diskName",
  azureFile: "shareName",
  cinder: "volumeID",
  flexVolume: "driver",
  gitRepo: "repository",
  glusterfs: "path",
  image: "reference",
  portworxVolume: "volumeID",
  rbd: "image",
  scaleIO: "volumeName",
  storageos: "volumeName",
  vsphereVolume: "volumePath",
};

/** The kubelet mounts these read-only whatever the mount says. */
const alwaysReadOnly: ReadonlySet<string> = new Set(["Secret", "ConfigMap", "DownwardAPI", "Projected", "Image"]);

/** The volumes of a pod by name. @internal */
export function readVolumes(list: unknown): ReadonlyMap<string, PodVolume> {
  const volumes = new Map<string, PodVolume>();
  for (const entry of objectsIn(list)) volumes.set(textIn(entry["name"]), readVolume(entry));
  return volumes;
}

/** What a container mounts, joined with the volumes of its pod. @internal */
export function readMounts(list: unknown, volumes: ReadonlyMap<string, PodVolume>): readonly MountedVolume[] {
  return objectsIn(list).map((mount) => {
    const name = textIn(mount["name"]);
    const volume = volumes.get(name);
    const type = volume?.type ?? "";
    return {
      name,
      source: volume?.source ?? "",
      type,
      destination: textIn(mount["mountPath"]),
      readOnly: mount["readOnly"] === true || volume?.readOnly === true || alwaysReadOnly.has(type),
      propagation: propagationOf(textIn(mount["mountPropagation"])),
    };
  });
}

function readVolume(entry: LooseObject): PodVolume {
  for (const member of Object.keys(entry)) {
    const details = entry[member];
    if (member === "name" || !isObject(details)) continue;
    const sourceMember = Object.hasOwn(sourceMembers, member) ? sourceMembers[member] : undefined;
    return {
      type: member.slice(0, 1).toUpperCase() + member.slice(1),
      source: sourceMember === undefined ? "" : textIn(details[sourceMember]),
      readOnly: details["readOnly"] === true,
    };
  }
  // A volume without a source is an emptyDir to the API server.
  return { type: "EmptyDir", source: "", readOnly: false };
}

function propagationOf(mode: string): MountPropagation {
  if (mode === "HostToContainer") return "HOSTTOCONTAINER";
  return mode === "Bidirectional" ? "BIDIRECTIONAL" : "NONE";
}
