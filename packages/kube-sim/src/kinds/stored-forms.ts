import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { StorageForm } from "../resources/sim-resource.ts";
import { recordAt, recordsAt } from "./json-access.ts";

/** Fields of events.k8s.io that are called otherwise in the core group, where all events are stored. */
const EVENT_FIELDS: readonly (readonly [served: string, stored: string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
  ["reportingController", "reportingComponent"],
];

/** `events.k8s.io/v1` over the events of the core group. */
export function eventStorage(): StorageForm {
  return {
    group: "",
    version: "v1",
    plural: "events",
    toStored: (object) => renamed(object, "v1", EVENT_FIELDS, 0),
    fromStored: (object) => renamed(object, "events.k8s.io/v1", EVENT_FIELDS, 1),
  };
}

function renamed(
  object: KubeObject,
  apiVersion: string,
  fields: readonly (readonly [string, string])[],
  from: 0 | 1,
): KubeObject {
  const next: KubeObject = { ...object, apiVersion };
  for (const pair of fields) delete next[pair[from]];
  for (const pair of fields) {
    const value = object[pair[from]];
    if (value !== undefined) next[pair[from === 0 ? 1 : 0]] = value;
  }
  if (from === 0) {
    for (const time of ["firstTimestamp", "lastTimestamp"]) next[time] ??= null;
    next["source"] ??= {};
    next["reportingComponent"] ??= "";
    next["reportingInstance"] ??= "";
    next["eventTime"] ??= null;
  } else {
    for (const time of ["deprecatedFirstTimestamp", "deprecatedLastTimestamp", "eventTime"]) next[time] ??= null;
    if (next["reportingController"] === "") delete next["reportingController"];
    if (next["reportingInstance"] === "") delete next["reportingInstance"];
  }
  return next;
}

const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";
const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";

/** `autoscaling/v1` over the autoscalers of version 2: what version 1 has no field for is in annotations. */
export function autoscalerStorage(): StorageForm {
  return { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers", toStored, fromStored };
}

function toStored(object: KubeObject): KubeObject {
  const spec = { ...(object.spec as JsonRecord | undefined) };
  const annotations = { ...object.metadata.annotations };
  const percent = spec["targetCPUUtilizationPercentage"];
  delete spec["targetCPUUtilizationPercentage"];
  const metrics: unknown[] = (parseAnnotation(annotations, METRICS) as unknown[]) ?? [];
  if (percent !== undefined) {
    const target = { type: "Utilization", averageUtilization: percent };
    metrics.unshift({ type: "Resource", resource: { name: "cpu", target } });
  }
  if (metrics.length > 0) spec["metrics"] = metrics;
  const behavior = parseAnnotation(annotations, BEHAVIOR);
  if (isJsonRecord(behavior)) spec["behavior"] = externalBehavior(behavior);
  delete annotations[CONDITIONS];
  const metadata = { ...object.metadata, annotations };
  if (Object.keys(annotations).length === 0) delete (metadata as JsonRecord)["annotations"];
  return { ...object, apiVersion: "autoscaling/v2", metadata, spec };
}

function parseAnnotation(annotations: Record<string, string>, name: string): unknown {
  const text = annotations[name];
  delete annotations[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A broken annotation of an old client is dropped, as the conversion of the real server does.
    return undefined;
  }
}

/** The annotation holds the server's own form, whose names begin with a capital and whose absent fields are null. */
function internalBehavior(behavior: JsonRecord): JsonRecord {
  const rules = (side: unknown): unknown =>
    isJsonRecord(side)
      ? {
          StabilizationWindowSeconds: side["stabilizationWindowSeconds"] ?? null,
          SelectPolicy: side["selectPolicy"] ?? null,
          Policies: recordsAt(side, "policies").map((policy) => ({
            Type: policy["type"],
            Value: policy["value"],
            PeriodSeconds: policy["periodSeconds"],
          })),
          Tolerance: side["tolerance"] ?? null,
        }
      : null;
  return { ScaleUp: rules(behavior["scaleUp"]), ScaleDown: rules(behavior["scaleDown"]) };
}

function externalBehavior(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(externalBehavior);
  if (!isJsonRecord(value)) return value;
  const fields = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    fields.map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), externalBehavior(member)]),
  );
}

function fromStored(object: KubeObject): KubeObject {
  const { metrics: _metrics, behavior, ...spec } = (object.spec ?? {}) as JsonRecord;
  const others: unknown[] = [];
  for (const metric of recordsAt(object.spec, "metrics")) {
    const resource = recordAt(metric, "resource");
    const percent = recordAt(resource, "target")?.["averageUtilization"];
    if (resource?.["name"] === "cpu" && percent !== undefined) spec["targetCPUUtilizationPercentage"] = percent;
    else others.push(metric);
  }
  const annotations = { ...object.metadata.annotations };
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(internalBehavior(behavior as JsonRecord));
  const status = (object.status ?? {}) as JsonRecord;
  const conditions = status["conditions"];
  if (Array.isArray(conditions) && conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions);
  const shown: JsonRecord = { currentReplicas: 0, desiredReplicas: 0 };
  for (const name of ["observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"]) {
    if (status[name] !== undefined) shown[name] = status[name];
  }
  const metadata = { ...object.metadata, annotations };
  if (Object.keys(annotations).length === 0) delete (metadata as JsonRecord)["annotations"];
  return { ...object, apiVersion: "autoscaling/v1", metadata, spec, status: shown };
}
