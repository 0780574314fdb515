import { parseImageName } from "./image-name.ts";
import { isObject, objectIn, objectsIn, textIn, textsIn, type LooseObject } from "./json-reading.ts";
import { readMounts, type PodVolume } from "./read-volumes.ts";
import { parseResourceQuantity } from "./resource-quantity.ts";
import type { EnvironmentVariable, SeccompProfileType, WorkloadContainer, WorkloadContainerType } from "./workload.ts";

/** What containers take from their pod. @internal */
export interface PodFacts {
  readonly securityContext: LooseObject;
  readonly podAnnotations: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, PodVolume>;
}

/**
 * What fractions are set to before their value. V8 keeps a field that only ever held fractions unboxed and allocates 16 bytes at
 * every read of it; one that held something else before keeps the boxed number (measured on Node 26.10).
 */
const unset = undefined as unknown as number;

const bytesPerMiB = 1_048_576;
const appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";

/** Reads one container of any of the three lists. @internal */
export function readContainer(
  entry: LooseObject,
  index: number,
  type: WorkloadContainerType,
  pod: PodFacts,
): WorkloadContainer {
  const name = textIn(entry["name"]);
  const image = textIn(entry["image"]);
  const security = objectIn(entry["securityContext"]);
  const capabilities = objectIn(security["capabilities"]);
  const addedCapabilities = capabilitiesIn(capabilities["add"]);
  const resources = objectIn(entry["resources"]);
  const requests = objectIn(resources["requests"]);
  const limits = objectIn(resources["limits"]);
  const privileged = security["privileged"] === true;
  const container: { -readonly [Field in keyof WorkloadContainer]: WorkloadContainer[Field] } = {
    index,
    type,
    name,
    image,
    imageName: parseImageName(image),
    privileged,
    readOnlyRootFilesystem: security["readOnlyRootFilesystem"] === true,
    allowPrivilegeEscalation:
      security["allowPrivilegeEscalation"] === true || privileged || addedCapabilities.includes("SYS_ADMIN"),
    addedCapabilities,
    droppedCapabilities: capabilitiesIn(capabilities["drop"]),
    seccompProfile:
      seccompProfileIn(security["seccompProfile"]) ?? seccompProfileIn(pod.securityContext["seccompProfile"]),
    appArmorProfile:
      appArmorProfileIn(security["appArmorProfile"]) ??
      pod.podAnnotations.get(appArmorAnnotation + name) ??
      pod.annotations.get(appArmorAnnotation + name) ??
      appArmorProfileIn(pod.securityContext["appArmorProfile"]) ??
      "",
    cpuRequest: unset,
    cpuLimit: unset,
    memoryRequest: unset,
    memoryLimit: unset,
    hasLivenessProbe: isObject(entry["livenessProbe"]),
    hasReadinessProbe: isObject(entry["readinessProbe"]),
    environment: objectsIn(entry["env"]).map(readVariable),
    volumes: readMounts(entry["volumeMounts"], pod.volumes),
  };
  container.cpuRequest = parseResourceQuantity(requests["cpu"]);
  container.cpuLimit = parseResourceQuantity(limits["cpu"]);
  container.memoryRequest = parseResourceQuantity(requests["memory"]) / bytesPerMiB;
  container.memoryLimit = parseResourceQuantity(limits["memory"]) / bytesPerMiB;
  return container;
}

function capabilitiesIn(list: unknown): readonly string[] {
  return textsIn(list).map((name) => {
    const upper = name.toUpperCase();
    return upper.startsWith("CAP_") ? upper.slice(4) : upper;
  });
}

function seccompProfileIn(value: unknown): SeccompProfileType | undefined {
  const type = textIn(objectIn(value)["type"]);
  if (type === "RuntimeDefault") return "RUNTIME_DEFAULT";
  if (type === "Localhost") return "LOCALHOST";
  return type === "Unconfined" ? "UNCONFINED" : undefined;
}

/** In the words of the annotation that came first: existing policies are written for them. */
function appArmorProfileIn(value: unknown): string | undefined {
  const profile = objectIn(value);
  const type = textIn(profile["type"]);
  if (type === "RuntimeDefault") return "runtime/default";
  if (type === "Localhost") return `localhost/${textIn(profile["localhostProfile"])}`;
  return type === "Unconfined" ? "unconfined" : undefined;
}

function readVariable(entry: LooseObject): EnvironmentVariable {
  const key = textIn(entry["name"]);
  const from = entry["valueFrom"];
  if (!isObject(from)) return { source: "RAW", key, value: textIn(entry["value"]) };
  const secret = from["secretKeyRef"];
  if (isObject(secret)) return { source: "SECRET_KEY", key, value: referenceIn(secret) };
  const configMap = from["configMapKeyRef"];
  if (isObject(configMap)) return { source: "CONFIG_MAP_KEY", key, value: referenceIn(configMap) };
  const field = from["fieldRef"];
  if (isObject(field)) return { source: "FIELD", key, value: textIn(field["fieldPath"]) };
  const resource = from["resourceFieldRef"];
  if (isObject(resource)) return { source: "RESOURCE_FIELD", key, value: textIn(resource["resource"]) };
  return { source: "UNKNOWN", key, value: "" };
}

function referenceIn(reference: LooseObject): string {
  return `${textIn(reference["name"])}/${textIn(reference["key"])}`;
}
