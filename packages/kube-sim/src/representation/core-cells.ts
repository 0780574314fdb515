import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { labelsText, numberAt, recordsAt, sizeAt, textAt, textsAt, type Cells } from "./cell-values.ts";
import { humanAge } from "./human-duration.ts";
import { podCells } from "./pod-cells.ts";

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** Cells of the core kinds, by qualified resource name. */
export function coreCells(): Readonly<Record<string, Cells>> {
  return {
    pods: podCells,
    configmaps: (object, now) => [
      object.metadata.name,
      sizeAt(object, "data") + sizeAt(object, "binaryData"),
      age(object, now),
    ],
    secrets: (object, now) => [object.metadata.name, textAt(object, "type"), sizeAt(object, "data"), age(object, now)],
    namespaces: (object, now) => [object.metadata.name, textAt(object, "status.phase"), age(object, now)],
    serviceaccounts: (object, now) => [object.metadata.name, age(object, now)],
    nodes: nodeCells,
    services: serviceCells,
    events: eventCells,
    "events.events.k8s.io": eventCells,
    endpoints: (object, now) => [object.metadata.name, endpointsText(object), age(object, now)],
    persistentvolumes: (object, now) => [
      object.metadata.name,
      textAt(object, "spec.capacity.storage", "0"),
      modesText(readPath(object, "spec.accessModes")),
      textAt(object, "spec.persistentVolumeReclaimPolicy"),
      phaseOf(object),
      readPath(object, "spec.claimRef") === undefined
        ? ""
        : `${textAt(object, "spec.claimRef.namespace")}/${textAt(object, "spec.claimRef.name")}`,
      textAt(object, "spec.storageClassName"),
      textAt(object, "spec.volumeAttributesClassName", "<unset>"),
      textAt(object, "status.reason"),
      age(object, now),
      textAt(object, "spec.volumeMode", "<unset>"),
    ],
    persistentvolumeclaims: (object, now) => {
      const isBound = textAt(object, "spec.volumeName") !== "";
      return [
        object.metadata.name,
        phaseOf(object),
        textAt(object, "spec.volumeName"),
        isBound ? textAt(object, "status.capacity.storage", "0") : "",
        isBound ? modesText(readPath(object, "status.accessModes")) : "",
        textAt(object, "spec.storageClassName"),
        textAt(object, "spec.volumeAttributesClassName", "<unset>"),
        age(object, now),
        textAt(object, "spec.volumeMode", "<unset>"),
      ];
    },
    resourcequotas: (object, now) => {
      const names = Object.keys(recordAt(object, "status.hard")).sort();
      const used = recordAt(object, "status.used");
      const hard = recordAt(object, "status.hard");
      const show = (name: string): string =>
        `${name}: ${textAt({ used: used[name] }, "used", "0")}/${textAt({ hard: hard[name] }, "hard", "0")}`;
      const isLimit = (name: string): boolean => name.startsWith("limits.");
      return [
        object.metadata.name,
        names
          .filter((name) => !isLimit(name))
          .map(show)
          .join(", "),
        names.filter(isLimit).map(show).join(", "),
        age(object, now),
      ];
    },
  };
}

function age(object: KubeObject, now: number): string {
  return humanAge(object.metadata.creationTimestamp, now);
}

function recordAt(value: unknown, path: string): JsonRecord {
  const found = readPath(value, path);
  return isJsonRecord(found) ? found : {};
}

function phaseOf(object: KubeObject): string {
  return object.metadata.deletionTimestamp === undefined ? textAt(object, "status.phase") : "Terminating";
}

function modesText(modes: unknown): string {
  if (!Array.isArray(modes)) return "";
  return Object.keys(ACCESS_MODES)
    .filter((mode) => modes.includes(mode))
    .map((mode) => ACCESS_MODES[mode])
    .join(",");
}

function nodeCells(node: KubeObject, now: number): unknown[] {
  const ready = recordsAt(node, "status.conditions").find(({ type }) => type === "Ready");
  const state = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  const roles: string[] = [];
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith("node-role.kubernetes.io/")) roles.push(key.slice(24));
    else if (key === "kubernetes.io/role" && value !== "") roles.push(value);
  }
  const address = (type: string): string =>
    textAt(
      recordsAt(node, "status.addresses").find((entry) => entry["type"] === type),
      "address",
      "<none>",
    );
  const architecture = textAt(node, "status.nodeInfo.architecture");
  const kernel = textAt(node, "status.nodeInfo.kernelVersion", "<unknown>");
  return [
    node.metadata.name,
    readPath(node, "spec.unschedulable") === true ? `${state},SchedulingDisabled` : state,
    roles
      .filter((role) => role !== "")
      .sort()
      .join(",") || "<none>",
    age(node, now),
    textAt(node, "status.nodeInfo.kubeletVersion"),
    address("InternalIP"),
    address("ExternalIP"),
    textAt(node, "status.nodeInfo.osImage", "<unknown>"),
    architecture === "" ? kernel : `${kernel} (${architecture})`,
    textAt(node, "status.nodeInfo.containerRuntimeVersion", "<unknown>"),
  ];
}

function serviceCells(service: KubeObject, now: number): unknown[] {
  const ports = recordsAt(service, "spec.ports").map((port) => {
    const node = numberAt(port, "nodePort");
    return `${numberAt(port, "port")}${node > 0 ? `:${node}` : ""}/${textAt(port, "protocol")}`;
  });
  return [
    service.metadata.name,
    textAt(service, "spec.type"),
    textsAt(service, "spec.clusterIPs")[0] ?? "<none>",
    externalAddress(service),
    ports.join(",") || "<none>",
    age(service, now),
    labelsText(readPath(service, "spec.selector")),
  ];
}

function externalAddress(service: KubeObject): string {
  const own = textsAt(service, "spec.externalIPs");
  switch (textAt(service, "spec.type")) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || "<none>";
    case "LoadBalancer": {
      const entries = recordsAt(service, "status.loadBalancer.ingress");
      const given = [...new Set(entries.map((entry) => textAt(entry, "ip", textAt(entry, "hostname"))))].sort();
      return [...given.filter((text) => text !== ""), ...own].join(",") || "<pending>";
    }
    case "ExternalName":
      return textAt(service, "spec.externalName");
    default:
      return "<unknown>";
  }
}

function eventCells(event: KubeObject, now: number): unknown[] {
  const isNew = event.apiVersion.startsWith("events.k8s.io");
  const at = (core: string, own: string): string => textAt(event, isNew ? own : core);
  const eventTime = textAt(event, "eventTime");
  const first = humanAge(at("firstTimestamp", "deprecatedFirstTimestamp") || eventTime, now);
  const last = at("lastTimestamp", "deprecatedLastTimestamp");
  const series = readPath(event, "series.lastObservedTime");
  const subject = isNew ? "regarding" : "involvedObject";
  const name = textAt(event, `${subject}.name`);
  const kind = textAt(event, `${subject}.kind`).toLowerCase();
  const component =
    at("source.component", "deprecatedSource.component") || at("reportingComponent", "reportingController");
  const instance = at("source.host", "deprecatedSource.host") || textAt(event, "reportingInstance");
  const count = isNew ? numberAt(event, "deprecatedCount") : numberAt(event, "count");
  return [
    series === undefined ? (last === "" ? first : humanAge(last, now)) : humanAge(series, now),
    textAt(event, "type"),
    textAt(event, "reason"),
    name === "" ? kind : `${kind}/${name}`,
    textAt(event, `${subject}.fieldPath`),
    instance === "" ? component : `${component}, ${instance}`,
    at("message", "note").trim(),
    first,
    series === undefined ? Math.max(1, count) : numberAt(event, "series.count"),
    event.metadata.name,
  ];
}

function endpointsText(object: KubeObject): string {
  const all: string[] = [];
  for (const subset of recordsAt(object, "subsets")) {
    const addresses = recordsAt(subset, "addresses").map((address) => textAt(address, "ip"));
    const ports = recordsAt(subset, "ports").map((port) => numberAt(port, "port"));
    if (ports.length === 0) all.push(...addresses);
    for (const port of ports) {
      for (const ip of addresses) all.push(ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);
    }
  }
  if (sizeAt(object, "subsets") === 0) return "<none>";
  return all.length > 3 ? `${all.slice(0, 3).join(",")} + ${all.length - 3} more...` : all.join(",");
}
