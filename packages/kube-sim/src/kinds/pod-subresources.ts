import { isJsonRecord, readPath, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, conflict, notFound, refusal } from "../refusals/refusals.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import type { SubresourceCall, SubresourceHandler } from "../resources/served-resource.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";
import { loadServePodLog } from "../pod-log/lazy.ts";
import { ensureRecord, numberAt, recordAt, recordsAt, specOf, textAt } from "./json-access.ts";
import { matchesSelector } from "./label-selector-validation.ts";

const POD = { group: "", plural: "pods", kind: "Pod" } as const;
const BINDING: SimResource = {
  group: "",
  version: "v1",
  plural: "bindings",
  singular: "binding",
  kind: "Binding",
  namespaced: true,
};
const EVICTION: SimResource = {
  group: "policy",
  version: "v1",
  plural: "evictions",
  singular: "eviction",
  kind: "Eviction",
  namespaced: true,
};

/** What lies under a pod's name and is not a stream. */
export function podSubresources(): Readonly<Record<string, SubresourceHandler>> {
  return {
    binding: { kind: "Binding", verbs: ["create"], handle: bindPod },
    ephemeralcontainers: { verbs: ["get", "patch", "update"], merge: mergeEphemeral },
    eviction: { group: "policy", version: "v1", kind: "Eviction", verbs: ["create"], handle: evictPod },
    log: { verbs: ["get"], handle: async (call) => (await loadServePodLog()).servePodLog(call) },
    resize: { verbs: ["get", "patch", "update"], merge: mergeResize },
  };
}

function mergeEphemeral(current: KubeObject, wanted: KubeObject): KubeObject {
  const next = structuredClone(current);
  const containers = specOf(wanted)["ephemeralContainers"];
  if (containers === undefined) delete specOf(next)["ephemeralContainers"];
  else specOf(next)["ephemeralContainers"] = structuredClone(containers);
  return withOwners(next, wanted);
}

function mergeResize(current: KubeObject, wanted: KubeObject): KubeObject {
  const next = structuredClone(current);
  for (const list of ["containers", "initContainers"]) {
    const wishes = new Map(recordsAt(wanted.spec, list).map((container) => [container["name"], container]));
    for (const container of recordsAt(next.spec, list)) {
      const wish = wishes.get(container["name"]);
      if (wish === undefined) continue;
      for (const field of ["resources", "resizePolicy"]) {
        if (wish[field] !== undefined) container[field] = structuredClone(wish[field]);
      }
    }
  }
  return withOwners(next, wanted);
}

function withOwners(next: KubeObject, wanted: KubeObject): KubeObject {
  const owners = wanted.metadata["managedFields"];
  if (owners !== undefined) next.metadata["managedFields"] = owners;
  return next;
}

function findPod(call: SubresourceCall): KubeObject {
  const { info, store } = call;
  const pod = store.table("pods").get(`${info.namespace}/${info.name}`);
  if (pod === undefined) throw notFound(POD, info.name);
  return pod;
}

function attemptOf(call: SubresourceCall, object: KubeObject): WriteAttempt {
  const { info, resource, request } = call;
  const { namespace, name, subresource } = info;
  return { ...request, operation: "CREATE", resource, namespace, name, subresource, object, oldObject: undefined };
}

/** `POST …/bindings` names the pod in the body. */
export async function bindNamedPod(call: SubresourceCall): Promise<void> {
  const binding = call.parse(BINDING);
  const resource = call.registry.find("", "v1", "pods") ?? call.resource;
  await bindPod({ ...call, resource, info: { ...call.info, name: binding.metadata.name } });
}

async function bindPod(call: SubresourceCall): Promise<void> {
  const { info, writer, resource, clock } = call;
  const binding = call.parse(BINDING);
  if (binding.metadata.name !== info.name) throw badRequest("name in URL does not match name in Binding object");
  await writer.admit(attemptOf(call, binding));
  const target = recordAt(binding, "target");
  const kind = textAt(target, "kind");
  const nodeName = textAt(target, "name");
  if (kind !== "" && kind !== "Node") {
    throw refusal(
      500,
      "",
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    );
  }
  // This refusal has no form of its own in the API: it comes as a fault.
  if (nodeName === "") throw refusal(500, "", "target.name: Required value");
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  if (call.request.isDryRun !== true) {
    writer.put(resource, bound(findPod(call), binding, nodeName, now), { keepsGeneration: true });
  } else findPod(call);
  sendCreated(call);
}

function bound(pod: KubeObject, binding: KubeObject, nodeName: string, now: string): KubeObject {
  const { name } = pod.metadata;
  const wanted = binding.metadata.uid;
  if ((wanted ?? "") !== "" && wanted !== pod.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${pod.metadata.uid}`;
    throw conflict(POD, name, why);
  }
  const conflictWith = (why: string): Error =>
    refusal(409, "Conflict", `Operation cannot be fulfilled on pods/binding "${name}": ${why}`, {
      details: { name, kind: "pods/binding" },
    });
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflictWith(`pod ${name} is being deleted, cannot be assigned to a host`);
  const next = structuredClone(pod);
  const spec = specOf(next);
  if (textAt(spec, "nodeName") !== "")
    throw conflictWith(`pod ${name} is already assigned to node ${JSON.stringify(spec["nodeName"])}`);
  if (recordsAt(spec, "schedulingGates").length > 0)
    throw conflictWith(`pod ${name} has non-empty .spec.schedulingGates`);
  spec["nodeName"] = nodeName;
  const { annotations, labels } = binding.metadata;
  if (annotations !== undefined) next.metadata.annotations = { ...next.metadata.annotations, ...annotations };
  if (labels !== undefined) next.metadata.labels = { ...next.metadata.labels, ...labels };
  const status = ensureRecord(next, "status");
  const others = recordsAt(status, "conditions").filter((condition) => condition["type"] !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  status["conditions"] = [...others, scheduled];
  return next;
}

/** Deletes a pod unless a disruption budget says that it must stay. */
async function evictPod(call: SubresourceCall): Promise<void> {
  const { info, writer, resource } = call;
  const eviction = call.parse(EVICTION);
  if (eviction.metadata.name !== "" && eviction.metadata.name !== info.name) {
    throw badRequest("name in URL does not match name in Eviction object");
  }
  const pod = findPod(call);
  await writer.admit(attemptOf(call, eviction));
  const phase = readPath(pod, "status.phase");
  const isOver =
    phase === "Succeeded" || phase === "Failed" || phase === "Pending" || pod.metadata.deletionTimestamp !== undefined;
  if (!isOver) await takeDisruption(call, pod);
  const options = recordAt(eviction, "deleteOptions");
  const preconditions = recordAt(options, "preconditions");
  const isMarked = call.request.isDryRun === true || pod.metadata.deletionTimestamp !== undefined;
  if (!isMarked && preconditions?.["resourceVersion"] === undefined) {
    const now = new Date(call.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    writer.put(resource, disrupted(pod, now), { keepsGeneration: true });
  }
  const grace = numberAt(options, "gracePeriodSeconds");
  const propagation = options?.["propagationPolicy"];
  await writer.delete(
    resource,
    info.namespace,
    info.name,
    {
      gracePeriodSeconds: grace,
      uid: preconditions?.["uid"] as string | undefined,
      resourceVersion: preconditions?.["resourceVersion"] as string | undefined,
      propagationPolicy: propagation as "Foreground" | "Background" | "Orphan" | undefined,
    },
    { ...call.request, isAdmitted: true },
  );
  sendCreated(call);
}

async function takeDisruption(call: SubresourceCall, pod: KubeObject): Promise<void> {
  const { store, registry, writer } = call;
  const resource = registry.find("policy", "v1", "poddisruptionbudgets");
  if (resource === undefined) return;
  const budgets = [...store.table("poddisruptionbudgets.policy").values()].filter(
    (budget) =>
      budget.metadata.namespace === pod.metadata.namespace &&
      matchesSelector(recordAt(budget.spec, "selector"), pod.metadata.labels ?? {}),
  );
  if (budgets.length > 1) {
    const message =
      "Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw refusal(500, "InternalError", message, { details: { causes: [{ message: message.slice(25) }] } });
  }
  const budget = budgets[0];
  if (budget === undefined) return;
  const isReady = recordsAt(pod.status, "conditions").some(
    (condition) => condition["type"] === "Ready" && condition["status"] === "True",
  );
  const status = isJsonRecord(budget.status) ? budget.status : {};
  const allowed = numberAt(status, "disruptionsAllowed") ?? 0;
  const healthy = numberAt(status, "currentHealthy") ?? 0;
  const desired = numberAt(status, "desiredHealthy") ?? 0;
  const mayGoAnyway =
    textAt(budget.spec, "unhealthyPodEvictionPolicy") === "AlwaysAllow" || (healthy >= desired && desired > 0);
  if (!isReady && mayGoAnyway) return;
  if ((numberAt(status, "observedGeneration") ?? 0) < (budget.metadata.generation ?? 0)) {
    throw refusal(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
      details: {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${budget.metadata.name} is still being processed by the server.`,
          },
        ],
        retryAfterSeconds: 10,
      },
      retryAfterSeconds: 10,
    });
  }
  if (allowed <= 0) {
    throw refusal(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
      details: {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${budget.metadata.name} needs ${desired} healthy pods and has ${healthy} currently`,
          },
        ],
      },
    });
  }
  if (call.request.isDryRun === true) return;
  const { name } = pod.metadata;
  const now = new Date(call.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  const isLast = allowed - 1 === 0;
  const condition = {
    type: "DisruptionAllowed",
    status: isLast ? "False" : "True",
    observedGeneration: numberAt(status, "observedGeneration") ?? 0,
    lastTransitionTime: now,
    reason: isLast ? "InsufficientPods" : "SufficientPods",
    message: "",
  };
  const others = recordsAt(status, "conditions").filter((candidate) => candidate["type"] !== "DisruptionAllowed");
  const disruptedPods = { ...recordAt(status, "disruptedPods"), [name]: now };
  writer.put(resource, {
    ...budget,
    status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods, conditions: [...others, condition] },
  });
}

/** The pod says why it goes. */
function disrupted(pod: KubeObject, now: string): KubeObject {
  const next = structuredClone(pod);
  const status = ensureRecord(next, "status");
  const others = recordsAt(status, "conditions").filter((condition) => condition["type"] !== "DisruptionTarget");
  const target = {
    type: "DisruptionTarget",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  };
  status["conditions"] = [...others, target];
  return next;
}

function sendCreated(call: SubresourceCall): void {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  call.exchange.sendJson(201, status);
}
