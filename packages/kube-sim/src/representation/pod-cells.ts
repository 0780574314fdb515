import { readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { numberAt, recordsAt, textAt } from "./cell-values.ts";
import { humanAge } from "./human-duration.ts";

interface PodSummary {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: string;
}

/** The cells of a pod: its state in one word comes from phase, conditions and what its containers say. */
export function podCells(pod: KubeObject, now: number): unknown[] {
  const sidecars = recordsAt(pod, "spec.initContainers").filter(isSidecar);
  const total = recordsAt(pod, "spec.containers").length + sidecars.length;
  const summary = summarize(pod, new Set(sidecars.map((container) => textAt(container, "name"))));
  const restarts =
    summary.restarts > 0 && summary.lastRestart !== ""
      ? `${summary.restarts} (${humanAge(summary.lastRestart, now)} ago)`
      : String(summary.restarts);
  return [
    pod.metadata.name,
    `${summary.ready}/${total}`,
    summary.reason,
    restarts,
    humanAge(pod.metadata.creationTimestamp, now),
    textAt(recordsAt(pod, "status.podIPs")[0], "ip", textAt(pod, "status.podIP", "<none>")),
    textAt(pod, "spec.nodeName", "<none>"),
    textAt(pod, "status.nominatedNodeName", "<none>"),
    gatesText(pod),
  ];
}

function isSidecar(container: JsonRecord): boolean {
  return container["restartPolicy"] === "Always";
}

function summarize(pod: KubeObject, sidecars: ReadonlySet<string>): PodSummary {
  const conditions = recordsAt(pod, "status.conditions");
  const phase = textAt(pod, "status.phase");
  const summary: PodSummary = { reason: textAt(pod, "status.reason", phase), ready: 0, restarts: 0, lastRestart: "" };
  if (conditions.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated")) {
    summary.reason = "SchedulingGated";
  }
  const sidecarPart: PodSummary = { ...summary };
  const isInitializing = addInitContainers(pod, sidecars, summary, sidecarPart);
  const isInitialized = conditions.some(({ type, status }) => type === "Initialized" && status === "True");
  if (!isInitializing || isInitialized) {
    summary.restarts = sidecarPart.restarts;
    summary.lastRestart = sidecarPart.lastRestart;
    const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
    addContainers(pod, summary, isReady);
  }
  const isOver = phase === "Failed" || phase === "Succeeded";
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (textAt(pod, "status.reason") === "NodeLost") summary.reason = "Unknown";
    else if (!isOver) summary.reason = "Terminating";
  }
  return summary;
}

/** @returns true when one of them is not done yet: then the pod's state is that one's */
function addInitContainers(
  pod: KubeObject,
  sidecars: ReadonlySet<string>,
  summary: PodSummary,
  sidecarPart: PodSummary,
): boolean {
  const statuses = recordsAt(pod, "status.initContainerStatuses");
  for (const [index, status] of statuses.entries()) {
    addRestarts(summary, status);
    const isOfSidecar = sidecars.has(textAt(status, "name"));
    if (isOfSidecar) addRestarts(sidecarPart, status);
    const terminated = readPath(status, "state.terminated");
    if (terminated !== undefined && numberAt(terminated, "exitCode") === 0) continue;
    if (isOfSidecar && status["started"] === true) {
      if (status["ready"] === true) summary.ready++;
      continue;
    }
    const waiting = textAt(status, "state.waiting.reason");
    if (terminated !== undefined) summary.reason = `Init:${exitText(terminated)}`;
    else if (waiting !== "" && waiting !== "PodInitializing") summary.reason = `Init:${waiting}`;
    else summary.reason = `Init:${index}/${recordsAt(pod, "spec.initContainers").length}`;
    return true;
  }
  return false;
}

function addContainers(pod: KubeObject, summary: PodSummary, isReady: boolean): void {
  let hasRunning = false;
  let failure = "";
  for (const status of recordsAt(pod, "status.containerStatuses").reverse()) {
    addRestarts(summary, status);
    const waiting = textAt(status, "state.waiting.reason");
    const terminated = readPath(status, "state.terminated");
    if (waiting !== "") summary.reason = waiting;
    else if (terminated !== undefined) {
      summary.reason = exitText(terminated);
      if (numberAt(terminated, "exitCode") !== 0) failure = summary.reason;
    } else if (status["ready"] === true && readPath(status, "state.running") !== undefined) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason !== "Completed") return;
  if (hasRunning && isReady) summary.reason = "Running";
  else if (failure !== "") summary.reason = failure;
  else if (hasRunning) summary.reason = "NotReady";
}

function addRestarts(summary: PodSummary, status: JsonRecord): void {
  summary.restarts += numberAt(status, "restartCount");
  const finished = textAt(status, "lastState.terminated.finishedAt");
  if (finished > summary.lastRestart) summary.lastRestart = finished;
}

function exitText(terminated: unknown): string {
  const reason = textAt(terminated, "reason");
  if (reason !== "") return reason;
  const signal = numberAt(terminated, "signal");
  return signal === 0 ? `ExitCode:${numberAt(terminated, "exitCode")}` : `Signal:${signal}`;
}

function gatesText(pod: KubeObject): string {
  const gates = recordsAt(pod, "spec.readinessGates");
  if (gates.length === 0) return "<none>";
  const conditions = recordsAt(pod, "status.conditions");
  const open = gates.filter((gate) =>
    conditions.some(({ type, status }) => type === gate["conditionType"] && status === "True"),
  );
  return `${open.length}/${gates.length}`;
}
