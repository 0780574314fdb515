import { isDeepStrictEqual } from "node:util";
import type { JsonRecord } from "../resources/kube-object.ts";
import { recordAt, stringsAt, textAt } from "./json-access.ts";
import { findSelectorProblems } from "./label-selector-validation.ts";
import { compareQuantities } from "./quantity.ts";
import { finder, type Find } from "./workload-validation.ts";

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"] as const;
const CLAIM_TEXT =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

export const findVolumeClaimProblems: Find = finder((errors, spec, old) => {
  const modes = stringsAt(spec, "accessModes");
  if (modes.length === 0) errors.required("spec.accessModes", "at least 1 access mode is required");
  findSelectorProblems(errors, recordAt(spec, "selector"), "spec.selector");
  for (const mode of modes) errors.oneOf("spec.accessModes", mode, ACCESS_MODES);
  const storage = recordAt(recordAt(spec, "resources"), "requests")?.["storage"];
  if (storage === undefined) errors.required("spec.resources[storage]");
  else if (compareQuantities(storage, "0") <= 0) {
    errors.invalid("spec.resources[storage]", storage, "must be greater than zero");
  }
  if (!["Block", "Filesystem"].includes(textAt(spec, "volumeMode"))) {
    errors.notSupported("spec.volumeMode", spec["volumeMode"], ["Block", "Filesystem"]);
  }
  if (old === undefined) return;
  const fixed = (record: JsonRecord): unknown => {
    const { resources: _resources, volumeName, storageClassName, volumeAttributesClassName: _class, ...rest } = record;
    const isBound = old["volumeName"] !== undefined;
    return isBound ? { ...rest, volumeName, storageClassName } : { ...rest, storageClassName };
  };
  if (!isDeepStrictEqual(fixed(spec), fixed(old))) errors.forbidden("spec", CLAIM_TEXT);
  const before = recordAt(recordAt(old, "resources"), "requests")?.["storage"];
  if (compareQuantities(storage, before) < 0) {
    errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
  }
});

export const findVolumeProblems: Find = finder((errors, spec, old) => {
  const modes = stringsAt(spec, "accessModes");
  if (modes.length === 0) errors.required("spec.accessModes");
  for (const mode of modes) errors.oneOf("spec.accessModes", mode, ACCESS_MODES);
  const capacity = recordAt(spec, "capacity") ?? {};
  if (Object.keys(capacity).length === 0) errors.required("spec.capacity");
  if (capacity["storage"] === undefined || Object.keys(capacity).length > 1) {
    errors.notSupported("spec.capacity", recordAt(spec, "capacity") ?? null, ["storage"]);
  } else if (compareQuantities(capacity["storage"], "0") <= 0) {
    errors.invalid("spec.capacity[storage]", capacity["storage"], "must be greater than zero");
  }
  errors.oneOf("spec.persistentVolumeReclaimPolicy", spec["persistentVolumeReclaimPolicy"], [
    "Delete",
    "Recycle",
    "Retain",
  ]);
  const sources = volumeSources(spec);
  if (sources.length === 0) errors.required("spec", "must specify a volume type");
  if (old === undefined) return;
  const pick = (record: JsonRecord): JsonRecord =>
    Object.fromEntries(volumeSources(record).map((name) => [name, record[name]]));
  if (!isDeepStrictEqual(pick(spec), pick(old))) {
    errors.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation");
  }
  errors.immutable("spec.volumeMode", spec["volumeMode"], old["volumeMode"]);
});

const VOLUME_OTHERS =
  /^(capacity|accessModes|claimRef|persistentVolumeReclaimPolicy|storageClassName|mountOptions|volumeMode|nodeAffinity|volumeAttributesClassName)$/;

function volumeSources(spec: JsonRecord): string[] {
  return Object.keys(spec).filter((name) => !VOLUME_OTHERS.test(name));
}
