import { isJsonRecord, type JsonRecord } from "../resources/kube-object.ts";
import { ensureRecord, fill, fillNumbers, numberAt, recordAt, recordsAt, textAt } from "./json-access.ts";

const CONTAINER_LISTS = ["initContainers", "containers", "ephemeralContainers"] as const;
const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;
const DEFAULT_MODE = 420;

/** Fills a pod specification as decoding a pod template does, in place. */
export function defaultPodSpec(spec: JsonRecord): void {
  fill(spec, {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
  });
  // The old name of the field follows the new one.
  if (textAt(spec, "serviceAccountName") === "") {
    if (textAt(spec, "serviceAccount") !== "") spec["serviceAccountName"] = spec["serviceAccount"];
  } else spec["serviceAccount"] = spec["serviceAccountName"];
  for (const list of CONTAINER_LISTS) for (const container of recordsAt(spec, list)) defaultContainer(container);
  for (const volume of recordsAt(spec, "volumes")) defaultVolume(volume);
  if (spec["hostNetwork"] === true) for (const list of CONTAINER_LISTS.slice(0, 2)) defaultHostPorts(spec, list);
}

/** What a pod gets on top of what a template gets. */
export function defaultPod(spec: JsonRecord): void {
  defaultPodSpec(spec);
  for (const list of CONTAINER_LISTS.slice(0, 2)) {
    for (const container of recordsAt(spec, list)) {
      const limits = recordAt(recordAt(container, "resources"), "limits");
      if (limits === undefined || Object.keys(limits).length === 0) continue;
      const requests = ensureRecord(ensureRecord(container, "resources"), "requests");
      for (const name in limits) requests[name] ??= limits[name];
    }
  }
  fill(spec, { enableServiceLinks: true });
}

/** Images that may change under their name are pulled each time. */
function pullPolicyOf(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  if (last.includes("@")) return /:latest@/.test(last) ? "Always" : "IfNotPresent";
  return last.includes(":") && !last.endsWith(":latest") ? "IfNotPresent" : "Always";
}

function defaultContainer(container: JsonRecord): void {
  fill(container, {
    imagePullPolicy: pullPolicyOf(textAt(container, "image")),
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  for (const port of recordsAt(container, "ports")) fill(port, { protocol: "TCP" });
  for (const variable of recordsAt(container, "env")) {
    const from = recordAt(variable, "valueFrom");
    const field = recordAt(from, "fieldRef");
    if (field !== undefined) fill(field, { apiVersion: "v1" });
    const resource = recordAt(from, "resourceFieldRef");
    if (resource !== undefined) fill(resource, { divisor: "0" });
    const file = recordAt(from, "fileKeyRef");
    if (file !== undefined) fill(file, { optional: false });
  }
  for (const name of PROBES) {
    const probe = recordAt(container, name);
    if (probe === undefined) continue;
    fillNumbers(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    defaultHandler(probe);
  }
  const lifecycle = recordAt(container, "lifecycle");
  for (const name of ["postStart", "preStop"]) {
    const handler = recordAt(lifecycle, name);
    if (handler !== undefined) defaultHandler(handler);
  }
}

function defaultHandler(handler: JsonRecord): void {
  const http = recordAt(handler, "httpGet");
  if (http !== undefined) fill(http, { path: "/", scheme: "HTTP" });
  const grpc = recordAt(handler, "grpc");
  if (grpc !== undefined && grpc["service"] === undefined) grpc["service"] = "";
}

function defaultHostPorts(spec: JsonRecord, list: string): void {
  for (const container of recordsAt(spec, list)) {
    for (const port of recordsAt(container, "ports")) {
      const number = numberAt(port, "containerPort");
      if (number !== undefined) fillNumbers(port, { hostPort: number });
    }
  }
}

/** Defaults inside volume sources, by the name of the source. */
const VOLUME_DEFAULTS: Readonly<Record<string, JsonRecord>> = {
  secret: { defaultMode: DEFAULT_MODE },
  configMap: { defaultMode: DEFAULT_MODE },
  downwardAPI: { defaultMode: DEFAULT_MODE },
  projected: { defaultMode: DEFAULT_MODE },
  iscsi: { iscsiInterface: "default" },
  rbd: { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" },
  azureDisk: { cachingMode: "ReadWrite", fsType: "ext4", readOnly: false, kind: "Shared" },
  scaleIO: { storageMode: "ThinProvisioned", fsType: "xfs" },
};

function defaultVolume(volume: JsonRecord): void {
  const sources = Object.keys(volume).filter((name) => name !== "name" && isJsonRecord(volume[name]));
  if (sources.length === 0) volume["emptyDir"] = {};
  defaultVolumeSource(volume);
  const hostPath = recordAt(volume, "hostPath");
  if (hostPath !== undefined) hostPath["type"] ??= "";
  const image = recordAt(volume, "image");
  if (image !== undefined) fill(image, { pullPolicy: pullPolicyOf(textAt(image, "reference")) });
  defaultFieldRefs(recordAt(volume, "downwardAPI"));
  for (const source of recordsAt(recordAt(volume, "projected"), "sources")) {
    const token = recordAt(source, "serviceAccountToken");
    if (token !== undefined) fill(token, { expirationSeconds: 3600 });
    defaultFieldRefs(recordAt(source, "downwardAPI"));
  }
  const template = recordAt(recordAt(volume, "ephemeral"), "volumeClaimTemplate");
  if (template !== undefined) fill(ensureRecord(template, "spec"), { volumeMode: "Filesystem" });
}

/** Defaults of the source itself; also those of persistent volumes. */
export function defaultVolumeSource(holder: JsonRecord): void {
  for (const name in VOLUME_DEFAULTS) {
    const source = recordAt(holder, name);
    if (source !== undefined) fill(source, VOLUME_DEFAULTS[name] ?? {});
  }
}

function defaultFieldRefs(source: JsonRecord | undefined): void {
  for (const item of recordsAt(source, "items")) {
    const field = recordAt(item, "fieldRef");
    if (field !== undefined) fill(field, { apiVersion: "v1" });
    const resource = recordAt(item, "resourceFieldRef");
    if (resource !== undefined) fill(resource, { divisor: "0" });
  }
}
