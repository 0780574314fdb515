import { readPath, type KubeObject } from "../resources/kube-object.ts";
import { containerCells, numberAt, recordsAt, selectorText, sizeAt, textAt, type Cells } from "./cell-values.ts";
import { humanAge, humanDuration } from "./human-duration.ts";

const TEMPLATE = "spec.template.spec";

/** Cells of the kinds of apps, batch, autoscaling and policy, by qualified resource name. */
export function workloadCells(): Readonly<Record<string, Cells>> {
  return {
    "deployments.apps": (object, now) => [
      object.metadata.name,
      `${numberAt(object, "status.readyReplicas")}/${numberAt(object, "spec.replicas")}`,
      String(numberAt(object, "status.updatedReplicas")),
      String(numberAt(object, "status.availableReplicas")),
      age(object, now),
      ...containerCells(readPath(object, TEMPLATE)),
      selectorText(readPath(object, "spec.selector")),
    ],
    "replicasets.apps": (object, now) => [
      ...replicaCells(object, now),
      selectorText(readPath(object, "spec.selector")),
    ],
    replicationcontrollers: (object, now) => [
      ...replicaCells(object, now),
      selectorText({ matchLabels: readPath(object, "spec.selector") }),
    ],
    "statefulsets.apps": (object, now) => [
      object.metadata.name,
      `${numberAt(object, "status.readyReplicas")}/${numberAt(object, "spec.replicas")}`,
      age(object, now),
      ...containerCells(readPath(object, TEMPLATE)),
    ],
    "daemonsets.apps": (object, now) => [
      object.metadata.name,
      numberAt(object, "status.desiredNumberScheduled"),
      numberAt(object, "status.currentNumberScheduled"),
      numberAt(object, "status.numberReady"),
      numberAt(object, "status.updatedNumberScheduled"),
      numberAt(object, "status.numberAvailable"),
      selectorText({ matchLabels: readPath(object, `${TEMPLATE}.nodeSelector`) }),
      age(object, now),
      ...containerCells(readPath(object, TEMPLATE)),
      selectorText(readPath(object, "spec.selector")),
    ],
    "controllerrevisions.apps": (object, now) => {
      const owner = (object.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
      const [group = ""] = owner?.apiVersion.includes("/") === true ? owner.apiVersion.split("/") : [];
      const kind = `${owner?.kind.toLowerCase() ?? ""}${group === "" ? "" : `.${group}`}`;
      const controller = owner === undefined ? "<none>" : `${kind}/${owner.name}`;
      return [object.metadata.name, controller, numberAt(object, "revision"), age(object, now)];
    },
    "jobs.batch": jobCells,
    "cronjobs.batch": (object, now) => [
      object.metadata.name,
      textAt(object, "spec.schedule"),
      textAt(object, "spec.timeZone", "<none>"),
      readPath(object, "spec.suspend") === true ? "True" : "False",
      sizeAt(object, "status.active"),
      readPath(object, "status.lastScheduleTime") === undefined
        ? "<none>"
        : humanAge(readPath(object, "status.lastScheduleTime"), now),
      age(object, now),
      ...containerCells(readPath(object, "spec.jobTemplate.spec.template.spec")),
      selectorText(readPath(object, "spec.jobTemplate.spec.selector")),
    ],
    podtemplates: (object) => [
      object.metadata.name,
      ...containerCells(readPath(object, "template.spec")),
      selectorText({ matchLabels: readPath(object, "template.metadata.labels") }),
    ],
    "horizontalpodautoscalers.autoscaling": (object, now) => [
      object.metadata.name,
      `${textAt(object, "spec.scaleTargetRef.kind")}/${textAt(object, "spec.scaleTargetRef.name")}`,
      metricsText(object),
      textAt(object, "spec.minReplicas", "<unset>"),
      numberAt(object, "spec.maxReplicas"),
      numberAt(object, "status.currentReplicas"),
      age(object, now),
    ],
    "poddisruptionbudgets.policy": (object, now) => [
      object.metadata.name,
      textAt(object, "spec.minAvailable", "N/A"),
      textAt(object, "spec.maxUnavailable", "N/A"),
      numberAt(object, "status.disruptionsAllowed"),
      age(object, now),
    ],
  };
}

function age(object: KubeObject, now: number): string {
  return humanAge(object.metadata.creationTimestamp, now);
}

function replicaCells(object: KubeObject, now: number): unknown[] {
  return [
    object.metadata.name,
    numberAt(object, "spec.replicas"),
    numberAt(object, "status.replicas"),
    numberAt(object, "status.readyReplicas"),
    age(object, now),
    ...containerCells(readPath(object, TEMPLATE)),
  ];
}

/** A job's state is the first of these that it has come to. */
const JOB_STATES = ["Complete", "Failed", "Terminating", "Suspended", "FailureTarget", "SuccessCriteriaMet"] as const;

function jobCells(job: KubeObject, now: number): unknown[] {
  const conditions = recordsAt(job, "status.conditions");
  const isIn = (state: string): boolean =>
    state === "Terminating"
      ? job.metadata.deletionTimestamp !== undefined
      : conditions.some(({ type, status }) => type === state && status === "True");
  const done = numberAt(job, "status.succeeded");
  const parallelism = numberAt(job, "spec.parallelism");
  const wanted = readPath(job, "spec.completions");
  const started = readPath(job, "status.startTime");
  const end = readPath(job, "status.completionTime");
  return [
    job.metadata.name,
    JOB_STATES.find(isIn) ?? "Running",
    typeof wanted === "number" ? `${done}/${wanted}` : `${done}/1${parallelism > 1 ? ` of ${parallelism}` : ""}`,
    typeof started !== "string"
      ? ""
      : humanDuration((typeof end === "string" ? Date.parse(end) : now) - Date.parse(started)),
    age(job, now),
    ...containerCells(readPath(job, TEMPLATE)),
    selectorText(readPath(job, "spec.selector")),
  ];
}

/** The first two metrics with what is measured and what is wanted. */
function metricsText(object: KubeObject): string {
  const wanted = recordsAt(object, "spec.metrics");
  if (wanted.length === 0) return "<none>";
  const measured = recordsAt(object, "status.currentMetrics");
  const texts = wanted.slice(0, 2).map((metric, index) => {
    const source = textAt(metric, "type");
    const key = `${source.charAt(0).toLowerCase()}${source.slice(1)}`;
    const target = readPath(metric, `${key}.target`);
    const current = readPath(measured[index], `${key}.current`);
    const name = source === "Resource" || source === "ContainerResource" ? `${textAt(metric, `${key}.name`)}: ` : "";
    const utilization = readPath(target, "averageUtilization");
    if (typeof utilization === "number") {
      const now = readPath(current, "averageUtilization");
      return `${name}${typeof now === "number" ? `${now}%` : "<unknown>"}/${utilization}%`;
    }
    const average = textAt(target, "averageValue");
    if (average !== "") {
      const suffix = name === "" ? " (avg)" : "";
      return `${name}${textAt(current, "averageValue", "<unknown>")}/${average}${suffix}`;
    }
    return `${name}${textAt(current, "value", "<unknown>")}/${textAt(target, "value", "<auto>")}`;
  });
  return wanted.length > 2 ? `${texts.join(", ")} + ${wanted.length - 2} more...` : texts.join(", ");
}
