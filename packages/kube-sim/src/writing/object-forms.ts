import type { KindRules, RuledResource } from "../resources/kind-rules.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { carryIdentity } from "./object-lifecycle.ts";

/** The kind's logic; made by the row on first use. */
export function rulesOf(resource: RuledResource): KindRules | undefined {
  return resource.rules?.();
}

/** The current object with the wanted status, and with the wanted metadata where the kind allows that. */
export function statusOf(resource: RuledResource, current: KubeObject, wanted: KubeObject): KubeObject {
  const next = structuredClone(current);
  if (wanted.status === undefined) delete next.status;
  else next.status = structuredClone(wanted.status);
  if (resource.isCustom === true || resource.keepsMetadataOnStatus === true) {
    const owners = wanted.metadata["managedFields"];
    if (owners !== undefined) next.metadata["managedFields"] = owners;
    return next;
  }
  next.metadata = structuredClone(wanted.metadata);
  carryIdentity(current, next);
  return next;
}

/** The part whose changes count as a new generation: `spec` of built-in kinds, all but metadata and status of custom ones. */
export function specification(resource: RuledResource, object: KubeObject): unknown {
  const rules = rulesOf(resource);
  if (rules?.specificationOf !== undefined) return rules.specificationOf(object);
  if (resource.isCustom !== true) {
    return resource.countsAnnotations === true ? [object.spec, object.metadata.annotations ?? {}] : object.spec;
  }
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}
