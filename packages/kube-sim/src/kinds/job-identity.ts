import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../resources/kube-object.ts";
import { ensureRecord, specOf } from "./json-access.ts";

/** A job selects its pods by its own uid, unless it says otherwise: labels of the template and the selector, in place. */
export function identifyJob(object: KubeObject): void {
  const spec = specOf(object);
  if (spec["manualSelector"] === true) return;
  const { name, uid } = object.metadata;
  const labels = ensureRecord(ensureRecord(ensureRecord(spec, "template"), "metadata"), "labels");
  const own = object.metadata.labels ?? {};
  // A job without labels of its own shares those of its template, also the ones that are added here.
  const sharesLabels = isDeepStrictEqual(own, labels) || Object.keys(own).length === 0;
  labels["controller-uid"] ??= uid;
  labels["batch.kubernetes.io/controller-uid"] ??= uid;
  labels["job-name"] ??= name;
  labels["batch.kubernetes.io/job-name"] ??= name;
  const selector = ensureRecord(spec, "selector");
  ensureRecord(selector, "matchLabels")["batch.kubernetes.io/controller-uid"] ??= uid;
  if (sharesLabels) object.metadata.labels = { ...labels } as Record<string, string>;
}
