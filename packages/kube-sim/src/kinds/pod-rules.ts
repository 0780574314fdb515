import type { KindRules, RuleContext } from "../resources/kind-rules.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { ensureRecord, recordAt, recordsAt, specOf, textAt } from "./json-access.ts";
import { addTolerations, admitNewPod, applyLimitRanges, completeStoredPod } from "./pod-admission.ts";
import { defaultPod } from "./pod-defaults.ts";
import { warnAboutPod } from "./pod-warnings.ts";
import { compareQuantities, parseQuantity } from "./quantity.ts";

/** Pods: defaults, the server's admission, what a new one starts with, and what an update may change. */
export function podRules(): KindRules {
  return {
    default: (object) => defaultPod(specOf(object)),
    completeStored: completeStoredPod,
    admit: (object, attempt, context) => {
      if (attempt.subresource !== "") return;
      if (attempt.operation === "CREATE") {
        applyLimitRanges(object, context);
        admitNewPod(object, context);
      } else if (attempt.operation === "UPDATE") {
        keepAdmitted(object, attempt.oldObject);
        addTolerations(specOf(object));
      }
    },
    prepareForCreate: prepareNewPod,
    prepareForUpdate: (next, current, subresource) => {
      if (subresource === "status") carryStatus(next, current);
    },
    allocate: (object, current, context) => {
      if (current === undefined) warnAboutPod(object, context.warn);
    },
  };
}

/** Priority is computed once; an update that leaves it out keeps it. */
function keepAdmitted(object: KubeObject, current: KubeObject | undefined): void {
  const spec = specOf(object);
  const old = recordAt(current, "spec") ?? {};
  for (const field of ["priority", "preemptionPolicy"]) {
    if (spec[field] === undefined && old[field] !== undefined) spec[field] = old[field];
  }
}

function prepareNewPod(object: KubeObject, context: RuleContext): void {
  const spec = specOf(object);
  const status: JsonRecord = { phase: "Pending", qosClass: qosClassOf(spec) };
  if (recordsAt(spec, "schedulingGates").length > 0) {
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    const now = new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    status["conditions"] = [
      {
        type: "PodScheduled",
        status: "False",
        lastProbeTime: null,
        lastTransitionTime: now,
        reason: "SchedulingGated",
        message,
      },
    ];
  }
  object.status = status;
}

/** A status says by itself neither the class of service nor the owners. */
function carryStatus(next: KubeObject, current: KubeObject): void {
  const old = recordAt(current, "status") ?? {};
  const status = ensureRecord(next, "status");
  if (textAt(status, "qosClass") === "" && old["qosClass"] !== undefined) status["qosClass"] = old["qosClass"];
  if (status["observedGeneration"] === undefined && old["observedGeneration"] !== undefined) {
    status["observedGeneration"] = old["observedGeneration"];
  }
  const before = new Map(recordsAt(old, "conditions").map((condition) => [condition["type"], condition]));
  for (const condition of recordsAt(status, "conditions")) {
    const generation = before.get(condition["type"])?.["observedGeneration"];
    if (condition["observedGeneration"] === undefined && generation !== undefined) {
      condition["observedGeneration"] = generation;
    }
  }
  const owners = current.metadata.ownerReferences;
  if (owners === undefined) delete next.metadata.ownerReferences;
  else next.metadata.ownerReferences = structuredClone(owners);
}

const COUNTED = ["cpu", "memory"] as const;

/** How a pod is treated when a node runs out: by the CPU and memory its containers ask for. */
function qosClassOf(spec: JsonRecord): "Guaranteed" | "Burstable" | "BestEffort" {
  const own = recordAt(spec, "resources");
  const holders = own === undefined ? [...recordsAt(spec, "containers"), ...recordsAt(spec, "initContainers")] : [spec];
  let isGuaranteed = true;
  let asksAny = false;
  for (const holder of holders) {
    const resources = recordAt(holder, "resources");
    const requests = recordAt(resources, "requests") ?? {};
    const limits = recordAt(resources, "limits") ?? {};
    for (const name of COUNTED) {
      const hasLimit = isPositive(limits[name]);
      const hasRequest = isPositive(requests[name]);
      asksAny ||= hasLimit || hasRequest;
      if (!hasLimit || (hasRequest && compareQuantities(requests[name], limits[name]) !== 0)) isGuaranteed = false;
    }
  }
  if (!asksAny) return "BestEffort";
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function isPositive(quantity: unknown): boolean {
  return (parseQuantity(quantity) ?? 0n) > 0n;
}
