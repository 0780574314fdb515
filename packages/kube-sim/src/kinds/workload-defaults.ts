import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { ensureRecord, fill, recordAt, recordsAt, specOf, textAt } from "./json-access.ts";
import { defaultPodSpec } from "./pod-defaults.ts";

/** The pod template of a specification, with its defaults filled in. */
export function defaultTemplate(spec: JsonRecord): JsonRecord | undefined {
  const template = recordAt(spec, "template");
  if (template === undefined) return undefined;
  ensureRecord(template, "metadata");
  defaultPodSpec(ensureRecord(template, "spec"));
  return template;
}

export function defaultDeployment(object: KubeObject): void {
  const spec = specOf(object);
  defaultTemplate(spec);
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = ensureRecord(spec, "strategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(ensureRecord(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
  }
}

export function defaultReplicaSet(object: KubeObject): void {
  const spec = specOf(object);
  defaultTemplate(spec);
  fill(spec, { replicas: 1 });
}

export function defaultStatefulSet(object: KubeObject): void {
  const spec = specOf(object);
  defaultTemplate(spec);
  fill(spec, { podManagementPolicy: "OrderedReady", replicas: 1, revisionHistoryLimit: 10 });
  const strategy = ensureRecord(spec, "updateStrategy");
  if (textAt(strategy, "type") === "") {
    strategy["type"] = "RollingUpdate";
    ensureRecord(strategy, "rollingUpdate");
  }
  const rolling = recordAt(strategy, "rollingUpdate");
  if (strategy["type"] === "RollingUpdate" && rolling !== undefined) fill(rolling, { partition: 0 });
  fill(ensureRecord(spec, "persistentVolumeClaimRetentionPolicy"), { whenDeleted: "Retain", whenScaled: "Retain" });
  for (const claim of recordsAt(spec, "volumeClaimTemplates")) {
    fill(claim, { kind: "PersistentVolumeClaim", apiVersion: "v1" });
    fill(ensureRecord(claim, "spec"), { volumeMode: "Filesystem" });
    fill(ensureRecord(claim, "status"), { phase: "Pending" });
  }
}

export function defaultDaemonSet(object: KubeObject): void {
  const spec = specOf(object);
  defaultTemplate(spec);
  fill(spec, { revisionHistoryLimit: 10 });
  const strategy = ensureRecord(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(ensureRecord(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
  }
}

export function defaultReplicationController(object: KubeObject): void {
  const spec = specOf(object);
  const labels = recordAt(recordAt(defaultTemplate(spec), "metadata"), "labels");
  fill(spec, { replicas: 1 });
  if (labels === undefined) return;
  if (Object.keys(recordAt(spec, "selector") ?? {}).length === 0) spec["selector"] = { ...labels };
  inheritLabels(object, labels);
}

export function defaultJob(object: KubeObject): void {
  const spec = specOf(object);
  const template = defaultTemplate(spec);
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec["completions"] = 1;
  fill(spec, {
    parallelism: 1,
    backoffLimit: spec["backoffLimitPerIndex"] === undefined ? 6 : 2_147_483_647,
    completionMode: "NonIndexed",
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed",
  });
  for (const rule of recordsAt(recordAt(spec, "podFailurePolicy"), "rules")) {
    for (const pattern of recordsAt(rule, "onPodConditions")) fill(pattern, { status: "True" });
  }
  const labels = recordAt(recordAt(template, "metadata"), "labels");
  if (labels !== undefined) inheritLabels(object, labels);
}

export function defaultCronJob(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, { concurrencyPolicy: "Allow", suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  const job = recordAt(recordAt(spec, "jobTemplate"), "spec");
  if (job !== undefined) defaultTemplate(job);
}

/** An object without labels takes those of its template. */
function inheritLabels(object: KubeObject, labels: JsonRecord): void {
  if (Object.keys(object.metadata.labels ?? {}).length === 0 && Object.keys(labels).length > 0) {
    object.metadata.labels = { ...labels } as Record<string, string>;
  }
}
