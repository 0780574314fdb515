import type { SimResource } from "../resources/sim-resource.ts";
import { FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

/** What `…/status` resets besides `spec`, by qualified name; dotted paths. */
const RESET_BY_STATUS: Readonly<Record<string, readonly string[]>> = {
  "deployments.apps": ["metadata.labels"],
  pods: ["metadata.deletionTimestamp", "metadata.ownerReferences"],
  "validatingadmissionpolicies.admissionregistration.k8s.io": ["metadata"],
  "flowschemas.flowcontrol.apiserver.k8s.io": ["metadata"],
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": ["metadata"],
  "servicecidrs.networking.k8s.io": ["metadata"],
  "resourceclaims.resource.k8s.io": ["metadata"],
  "volumeattachments.storage.k8s.io": ["metadata"],
  "certificatesigningrequests.certificates.k8s.io": ["status.conditions"],
};

/** Fields that a write through this endpoint leaves as they were, and that nobody comes to own by it. */
export function resetFields(resource: SimResource, subresource: string): FieldSet {
  const fields = new FieldSet();
  const paths: string[] = [];
  if (subresource === "status") {
    const name = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
    paths.push("spec", ...(resource.isCustom === true ? ["metadata"] : (RESET_BY_STATUS[name] ?? [])));
  } else if (subresource === "approval") {
    paths.push("spec", "status.certificate");
  } else if (subresource === "" && resource.hasStatus === true) {
    paths.push("status");
  }
  for (const path of paths) fields.insert(path.split(".").map(fieldElement));
  return fields;
}
