import { isDeepStrictEqual } from "node:util";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, textAt } from "./json-access.ts";
import { checkPodSpec } from "./pod-validation.ts";

const CHANGEABLE =
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions " +
  "to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** Everything wrong with an update of a pod or one of its sub-resources, besides its metadata. */
export function findPodUpdateProblems(
  object: KubeObject,
  current: KubeObject,
  subresource: string,
): readonly StatusCause[] {
  const errors = new FieldErrors();
  const spec = recordAt(object, "spec") ?? {};
  const old = recordAt(current, "spec") ?? {};
  if (subresource === "status" || subresource === "binding") return [];
  checkPodSpec(errors, spec, "spec");
  if (subresource === "ephemeralcontainers") checkEphemeral(errors, spec, old);
  else if (subresource === "") checkFixedFields(errors, spec, old);
  return errors.causes;
}

function checkEphemeral(errors: FieldErrors, spec: JsonRecord, old: JsonRecord): void {
  const path = "spec.ephemeralContainers";
  const byName = new Map(recordsAt(spec, "ephemeralContainers").map((container) => [container["name"], container]));
  for (const container of recordsAt(old, "ephemeralContainers")) {
    const name = textAt(container, "name");
    const next = byName.get(name);
    if (next === undefined)
      errors.forbidden(path, `existing ephemeral containers ${JSON.stringify(name)} may not be removed\n`);
    else if (!isDeepStrictEqual(plain(next), plain(container))) {
      errors.forbidden(path, `existing ephemeral containers ${JSON.stringify(name)} may not be changed\n`);
    }
  }
}

function checkFixedFields(errors: FieldErrors, spec: JsonRecord, old: JsonRecord): void {
  const munged = plain(spec);
  for (const list of ["containers", "initContainers"]) {
    const containers = recordsAt(munged, list);
    const before = recordsAt(old, list);
    if (containers.length !== before.length) {
      errors.forbidden(`spec.${list}`, "pod updates may not add or remove containers");
      return;
    }
    containers.forEach((container, index) => {
      container["image"] = before[index]?.["image"];
    });
  }
  if (!checkDeadline(errors, spec, old)) return;
  checkTolerations(errors, spec, old);
  checkGates(errors, spec, old);
  for (const field of ["activeDeadlineSeconds", "tolerations", "schedulingGates"]) {
    if (old[field] === undefined) delete munged[field];
    else munged[field] = old[field];
  }
  if ((numberAt(old, "terminationGracePeriodSeconds") ?? 0) < 0 && munged["terminationGracePeriodSeconds"] === 1) {
    munged["terminationGracePeriodSeconds"] = old["terminationGracePeriodSeconds"];
  }
  if (recordsAt(old, "schedulingGates").length > 0) {
    // A pod that waits behind a gate may still be sent to fewer nodes.
    for (const field of ["nodeSelector", "affinity"]) {
      if (old[field] === undefined) delete munged[field];
      else munged[field] = old[field];
    }
  }
  if (isDeepStrictEqual(plain(munged), plain(old))) return;
  const changed = [...new Set([...Object.keys(munged), ...Object.keys(old)])].filter(
    (field) => !isDeepStrictEqual(munged[field], old[field]),
  );
  const lines = changed.map(
    (field) => `- ${field}: ${JSON.stringify(old[field])}\n+ ${field}: ${JSON.stringify(munged[field])}`,
  );
  errors.forbidden("spec", `pod updates may not change fields other than ${CHANGEABLE}\n${lines.join("\n")}\n`);
}

/** @returns false when nothing else is to be looked at */
function checkDeadline(errors: FieldErrors, spec: JsonRecord, old: JsonRecord): boolean {
  const field = "spec.activeDeadlineSeconds";
  const next = numberAt(spec, "activeDeadlineSeconds");
  const before = numberAt(old, "activeDeadlineSeconds");
  if (next === undefined) {
    if (before !== undefined) errors.invalid(field, null, "must not update from a positive integer to nil value");
    return true;
  }
  if (before === undefined || before >= next) return true;
  errors.invalid(field, next, "must be less than or equal to previous value");
  return false;
}

function checkTolerations(errors: FieldErrors, spec: JsonRecord, old: JsonRecord): void {
  const next = recordsAt(spec, "tolerations").map(withoutSeconds);
  for (const toleration of recordsAt(old, "tolerations")) {
    if (next.some((candidate) => isDeepStrictEqual(candidate, withoutSeconds(toleration)))) continue;
    errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
    return;
  }
}

function withoutSeconds(toleration: JsonRecord): JsonRecord {
  const { tolerationSeconds: _seconds, ...rest } = toleration;
  return rest;
}

function checkGates(errors: FieldErrors, spec: JsonRecord, old: JsonRecord): void {
  const before = new Set(recordsAt(old, "schedulingGates").map((gate) => textAt(gate, "name")));
  recordsAt(spec, "schedulingGates").forEach((gate, index) => {
    const name = textAt(gate, "name");
    if (before.has(name)) return;
    errors.forbidden(
      `spec.schedulingGates[${index}].name`,
      "only deletion is allowed, but found new scheduling gate '" + name + "'",
    );
  });
}

function plain(record: JsonRecord): JsonRecord {
  return JSON.parse(JSON.stringify(record)) as JsonRecord;
}
