import { isDeepStrictEqual } from "node:util";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { scheduleProblem } from "./cron-schedule.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, textAt } from "./json-access.ts";
import { findSelectorProblems, isReadableSelector, matchesSelector } from "./label-selector-validation.ts";
import { annotationKeyProblem, labelProblem, labelValueProblem, qualifiedNameProblems } from "./name-formats.ts";
import { checkPodSpec } from "./pod-validation.ts";

/** Finds what is wrong with an object; nothing on writes to its status. */
export type Find = (object: KubeObject, current: KubeObject | undefined, subresource: string) => readonly StatusCause[];

/** Wraps a check so that status updates are not looked at. */
export function finder(check: (errors: FieldErrors, spec: JsonRecord, old: JsonRecord | undefined) => void): Find {
  return (object, current, subresource) => {
    if (subresource === "status") return [];
    const errors = new FieldErrors();
    check(
      errors,
      recordAt(object, "spec") ?? {},
      current === undefined ? undefined : (recordAt(current, "spec") ?? {}),
    );
    return errors.causes;
  };
}

/** A pod template: labels, annotations, pod specification. */
function checkTemplate(errors: FieldErrors, template: JsonRecord, path: string): void {
  const metadata = recordAt(template, "metadata");
  for (const [key, value] of Object.entries(recordAt(metadata, "labels") ?? {})) {
    for (const why of qualifiedNameProblems(key)) errors.invalid(`${path}.metadata.labels`, key, why);
    const why = labelValueProblem(String(value));
    if (why !== undefined) errors.invalid(`${path}.metadata.labels`, value, why);
  }
  for (const key of Object.keys(recordAt(metadata, "annotations") ?? {})) {
    const why = annotationKeyProblem(key);
    if (why !== undefined) errors.invalid(`${path}.metadata.annotations`, key, why);
  }
  const spec = recordAt(template, "spec") ?? {};
  checkPodSpec(errors, spec, `${path}.spec`);
  if (recordsAt(spec, "ephemeralContainers").length > 0) {
    errors.forbidden(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
  }
}

/** A selector that must select something. @returns false when there is none */
function checkSelector(errors: FieldErrors, spec: JsonRecord, kind: string): boolean {
  const selector = recordAt(spec, "selector");
  if (selector === undefined) {
    errors.required("spec.selector");
    return false;
  }
  findSelectorProblems(errors, selector, "spec.selector");
  checkNotEmpty(errors, selector, kind);
  return true;
}

function checkNotEmpty(errors: FieldErrors, selector: JsonRecord, kind: string): void {
  const count =
    Object.keys(recordAt(selector, "matchLabels") ?? {}).length + recordsAt(selector, "matchExpressions").length;
  if (count === 0) errors.invalid("spec.selector", selector, `empty selector is invalid for ${kind}`);
}

function checkMatchingTemplate(errors: FieldErrors, spec: JsonRecord, isMatching = true): void {
  const template = recordAt(spec, "template") ?? {};
  const labels = recordAt(recordAt(template, "metadata"), "labels");
  const selector = recordAt(spec, "selector");
  if (isMatching && selector !== undefined && !isReadableSelector(selector)) {
    errors.invalid("spec.selector", selector, "invalid label selector");
    return;
  }
  if (isMatching && !matchesSelector(selector, labels ?? {})) {
    errors.invalid("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`");
  }
  checkTemplate(errors, template, "spec.template");
}

function checkAlwaysRestarted(errors: FieldErrors, spec: JsonRecord, kind: string): void {
  const pod = recordAt(recordAt(spec, "template"), "spec") ?? {};
  if (pod["restartPolicy"] !== "Always") {
    errors.notSupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ["Always"]);
  }
  if (pod["activeDeadlineSeconds"] !== undefined) {
    errors.forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${kind} is not Supported`);
  }
}

/** A number or percentage of pods that is not negative and, unless allowed, at most everything. */
function checkAmount(errors: FieldErrors, field: string, amount: unknown, mayExceed = false): void {
  if (typeof amount === "number") errors.nonNegative(field, amount);
  else if (typeof amount === "string") {
    if (!/^[0-9]+%$/.test(amount)) {
      errors.invalid(
        field,
        amount,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      );
    } else if (!mayExceed && Number(amount.slice(0, -1)) > 100)
      errors.invalid(field, amount, "must not be greater than 100%");
  }
}

/** Counts of a deployment's status: none negative, none above the number of all. */
function findDeploymentStatusProblems(object: KubeObject): readonly StatusCause[] {
  const errors = new FieldErrors();
  const status = recordAt(object, "status") ?? {};
  const count = (field: string): number => numberAt(status, field) ?? 0;
  const parts = ["updatedReplicas", "readyReplicas", "availableReplicas"] as const;
  for (const field of ["replicas", ...parts, "unavailableReplicas"])
    errors.nonNegative(`status.${field}`, status[field]);
  for (const field of parts) {
    if (count(field) > count("replicas")) {
      errors.invalid(`status.${field}`, count(field), "cannot be greater than status.replicas");
    }
  }
  if (count("availableReplicas") > count("readyReplicas")) {
    errors.invalid("status.availableReplicas", count("availableReplicas"), "cannot be greater than readyReplicas");
  }
  return errors.causes;
}

export function findDeploymentProblems(
  object: KubeObject,
  current: KubeObject | undefined,
  subresource: string,
): readonly StatusCause[] {
  return subresource === "status"
    ? findDeploymentStatusProblems(object)
    : findDeploymentSpecProblems(object, current, subresource);
}

const findDeploymentSpecProblems: Find = finder((errors, spec, old) => {
  errors.nonNegative("spec.replicas", spec["replicas"]);
  checkSelector(errors, spec, "deployment");
  checkMatchingTemplate(errors, spec);
  checkAlwaysRestarted(errors, spec, "ReplicaSet");
  const strategy = recordAt(spec, "strategy") ?? {};
  const rolling = recordAt(strategy, "rollingUpdate");
  if (strategy["type"] === "Recreate") {
    const why = "may not be specified when strategy `type` is 'Recreate'";
    if (rolling !== undefined) errors.forbidden("spec.strategy.rollingUpdate", why);
  } else if (strategy["type"] === "RollingUpdate") {
    checkAmount(errors, "spec.strategy.rollingUpdate.maxUnavailable", rolling?.["maxUnavailable"]);
    checkAmount(errors, "spec.strategy.rollingUpdate.maxSurge", rolling?.["maxSurge"], true);
    const isZero = (value: unknown): boolean => value === 0 || value === "0%";
    if (isZero(rolling?.["maxUnavailable"]) && isZero(rolling?.["maxSurge"])) {
      const why = "may not be 0 when `maxSurge` is 0";
      errors.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling?.["maxUnavailable"], why);
    }
  } else errors.notSupported("spec.strategy", strategy, ["Recreate", "RollingUpdate"]);
  errors.nonNegative("spec.minReadySeconds", spec["minReadySeconds"]);
  errors.nonNegative("spec.revisionHistoryLimit", spec["revisionHistoryLimit"]);
  const deadline = numberAt(spec, "progressDeadlineSeconds");
  errors.nonNegative("spec.progressDeadlineSeconds", deadline);
  if (deadline !== undefined && deadline <= (numberAt(spec, "minReadySeconds") ?? 0)) {
    errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
  }
  if (old !== undefined) errors.immutable("spec.selector", spec["selector"], old["selector"]);
});

export const findReplicaSetProblems: Find = finder((errors, spec, old) => {
  errors.nonNegative("spec.replicas", spec["replicas"]);
  errors.nonNegative("spec.minReadySeconds", spec["minReadySeconds"]);
  checkSelector(errors, spec, "deployment");
  checkMatchingTemplate(errors, spec);
  checkAlwaysRestarted(errors, spec, "ReplicaSet");
  if (old !== undefined) errors.immutable("spec.selector", spec["selector"], old["selector"]);
});

export const findReplicationControllerProblems: Find = finder((errors, spec) => {
  errors.nonNegative("spec.minReadySeconds", spec["minReadySeconds"]);
  const selector = recordAt(spec, "selector") ?? {};
  if (Object.keys(selector).length === 0) errors.required("spec.selector");
  errors.nonNegative("spec.replicas", spec["replicas"]);
  const template = recordAt(spec, "template");
  if (template === undefined) {
    errors.required("spec.template");
    return;
  }
  const labels = recordAt(recordAt(template, "metadata"), "labels") ?? {};
  if (Object.keys(selector).some((key) => labels[key] !== selector[key])) {
    errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  }
  checkTemplate(errors, template, "spec.template");
  checkAlwaysRestarted(errors, spec, "ReplicationController");
});

export const findDaemonSetProblems: Find = finder((errors, spec, old) => {
  const selector = recordAt(spec, "selector");
  findSelectorProblems(errors, selector, "spec.selector");
  const labels = recordAt(recordAt(recordAt(spec, "template"), "metadata"), "labels") ?? {};
  if (!matchesSelector(selector, labels)) {
    errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  }
  if (selector !== undefined) checkNotEmpty(errors, selector, "daemonset");
  checkMatchingTemplate(errors, spec, false);
  checkAlwaysRestarted(errors, spec, "DaemonSet");
  errors.nonNegative("spec.minReadySeconds", spec["minReadySeconds"]);
  const strategy = recordAt(spec, "updateStrategy") ?? {};
  const rolling = recordAt(strategy, "rollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    checkAmount(errors, "spec.updateStrategy.rollingUpdate.maxUnavailable", rolling?.["maxUnavailable"]);
    checkAmount(errors, "spec.updateStrategy.rollingUpdate.maxSurge", rolling?.["maxSurge"]);
  } else if (strategy["type"] !== "OnDelete") {
    errors.notSupported("spec.updateStrategy", strategy, ["RollingUpdate", "OnDelete"]);
  }
  errors.nonNegative("spec.revisionHistoryLimit", spec["revisionHistoryLimit"]);
  if (old !== undefined) errors.immutable("spec.selector", spec["selector"], old["selector"]);
});

const STATEFUL_SET_FREE = [
  "replicas",
  "template",
  "updateStrategy",
  "minReadySeconds",
  "ordinals",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
] as const;
const STATEFUL_SET_TEXT =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export const findStatefulSetProblems: Find = finder((errors, spec, old) => {
  const policy = spec["podManagementPolicy"];
  if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
  }
  const strategy = recordAt(spec, "updateStrategy") ?? {};
  if (strategy["type"] === "OnDelete") {
    const rolling = strategy["rollingUpdate"];
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    if (rolling !== undefined) errors.invalid("spec.updateStrategy.rollingUpdate", rolling, why);
  } else if (strategy["type"] !== "RollingUpdate") {
    errors.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'");
  } else
    errors.nonNegative(
      "spec.updateStrategy.rollingUpdate.partition",
      recordAt(strategy, "rollingUpdate")?.["partition"],
    );
  errors.nonNegative("spec.replicas", spec["replicas"]);
  errors.nonNegative("spec.minReadySeconds", spec["minReadySeconds"]);
  const service = textAt(spec, "serviceName");
  const why = service === "" || old !== undefined ? undefined : labelProblem(service);
  if (why !== undefined) errors.invalid("spec.serviceName", service, why);
  checkSelector(errors, spec, "statefulset");
  checkMatchingTemplate(errors, withClaimVolumes(spec));
  checkAlwaysRestarted(errors, spec, "StatefulSet");
  if (old === undefined) return;
  const isFree = (field: string): boolean => (STATEFUL_SET_FREE as readonly string[]).includes(field);
  const fixed = (record: JsonRecord): JsonRecord =>
    Object.fromEntries(Object.entries(record).filter(([field]) => !isFree(field)));
  if (!isDeepStrictEqual(fixed(spec), fixed(old))) errors.forbidden("spec", STATEFUL_SET_TEXT);
});

/** The claims of a set are volumes of its pods. */
function withClaimVolumes(spec: JsonRecord): JsonRecord {
  const names = recordsAt(spec, "volumeClaimTemplates").map((claim) => textAt(recordAt(claim, "metadata"), "name"));
  if (names.length === 0) return spec;
  const template = recordAt(spec, "template") ?? {};
  const pod = recordAt(template, "spec") ?? {};
  const own = recordsAt(pod, "volumes").filter((volume) => !names.includes(textAt(volume, "name")));
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...spec, template: { ...template, spec: { ...pod, volumes: [...claims, ...own] } } };
}

export const findJobProblems: Find = finder((errors, spec, old) => {
  if (recordAt(spec, "selector") === undefined) errors.required("spec.selector");
  checkJobSpec(errors, spec, "spec");
  if (old === undefined) return;
  if (spec["completionMode"] !== "Indexed")
    errors.immutable("spec.completions", spec["completions"], old["completions"]);
  errors.immutable("spec.selector", spec["selector"], old["selector"]);
  const isSuspended = old["suspend"] === true;
  if (!isSuspended) errors.immutable("spec.template", spec["template"], old["template"]);
  errors.immutable("spec.completionMode", spec["completionMode"], old["completionMode"]);
  errors.immutable("spec.backoffLimitPerIndex", spec["backoffLimitPerIndex"], old["backoffLimitPerIndex"]);
  errors.immutable("spec.managedBy", spec["managedBy"], old["managedBy"]);
});

function checkJobSpec(errors: FieldErrors, spec: JsonRecord, path: string): void {
  for (const field of [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
  ]) {
    errors.nonNegative(`${path}.${field}`, spec[field]);
  }
  const mode = spec["completionMode"];
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed") {
    errors.notSupported(`${path}.completionMode`, mode, ["NonIndexed", "Indexed"]);
  }
  if (mode === "Indexed" && spec["completions"] === undefined) {
    errors.required(`${path}.completions`, "when completion mode is Indexed");
  }
  checkTemplate(errors, recordAt(spec, "template") ?? {}, `${path}.template`);
  const policy = recordAt(recordAt(spec, "template"), "spec")?.["restartPolicy"];
  const field = `${path}.template.spec.restartPolicy`;
  if (policy === "Always" || policy === "" || policy === undefined) {
    errors.required(field, 'valid values: "OnFailure", "Never"');
  } else if (policy !== "OnFailure" && policy !== "Never") errors.notSupported(field, policy, ["OnFailure", "Never"]);
  else if (spec["podFailurePolicy"] !== undefined && policy !== "Never") {
    errors.invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

export function findCronJobProblems(
  object: KubeObject,
  current: KubeObject | undefined,
  subresource: string,
): readonly StatusCause[] {
  if (subresource === "status") return [];
  const errors = new FieldErrors();
  const spec = recordAt(object, "spec") ?? {};
  const schedule = textAt(spec, "schedule");
  if (schedule === "") errors.required("spec.schedule");
  else {
    const why = scheduleProblem(schedule);
    if (why !== undefined) errors.invalid("spec.schedule", schedule, why);
  }
  errors.nonNegative("spec.startingDeadlineSeconds", spec["startingDeadlineSeconds"]);
  const zone = spec["timeZone"];
  if (zone === "") errors.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string");
  errors.oneOf("spec.concurrencyPolicy", spec["concurrencyPolicy"], ["Allow", "Forbid", "Replace"]);
  checkJobSpec(errors, recordAt(recordAt(spec, "jobTemplate"), "spec") ?? {}, "spec.jobTemplate.spec");
  errors.nonNegative("spec.successfulJobsHistoryLimit", spec["successfulJobsHistoryLimit"]);
  errors.nonNegative("spec.failedJobsHistoryLimit", spec["failedJobsHistoryLimit"]);
  const { name } = object.metadata;
  if (current === undefined && name.length > 52) {
    errors.invalid("metadata.name", name, "must be no more than 52 characters");
  }
  return errors.causes;
}

export const findAutoscalerProblems: Find = finder((errors, spec) => {
  const min = numberAt(spec, "minReplicas");
  const max = numberAt(spec, "maxReplicas") ?? 0;
  if (min !== undefined && min < 1) errors.invalid("spec.minReplicas", min, "must be greater than or equal to 1");
  if (max === 0) errors.required("spec.maxReplicas", "must be set and greater than 0");
  else if (max < 0) errors.invalid("spec.maxReplicas", max, "must be greater than or equal to 1");
  if (min !== undefined && max < min) {
    errors.invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
  }
  const target = recordAt(spec, "scaleTargetRef") ?? {};
  for (const field of ["kind", "name"]) {
    if (textAt(target, field) === "") errors.required(`spec.scaleTargetRef.${field}`);
  }
  const version = textAt(target, "apiVersion");
  if (!version.includes("/") && textAt(target, "kind") !== "ReplicationController") {
    errors.invalid("spec.scaleTargetRef.apiVersion", version, "apiVersion must specify API group");
  }
});

export const findDisruptionBudgetProblems: Find = finder((errors, spec) => {
  if (spec["minAvailable"] !== undefined && spec["maxUnavailable"] !== undefined) {
    errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
  }
  checkAmount(errors, "spec.minAvailable", spec["minAvailable"]);
  checkAmount(errors, "spec.maxUnavailable", spec["maxUnavailable"]);
  findSelectorProblems(errors, recordAt(spec, "selector"), "spec.selector");
  const policy = spec["unhealthyPodEvictionPolicy"];
  if (policy !== undefined && policy !== "AlwaysAllow" && policy !== "IfHealthyBudget") {
    errors.notSupported("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"]);
  }
});
