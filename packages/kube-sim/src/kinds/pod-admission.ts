import { forbidden } from "../refusals/refusals.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import type { RuleContext } from "../resources/kind-rules.ts";
import { ensureRecord, fill, recordAt, recordsAt, specOf, textAt } from "./json-access.ts";

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
/** One hour and seven seconds: told apart from an hour that somebody asked for. */
const TOKEN_SECONDS = 3607;
const POD = { group: "", plural: "pods", kind: "Pod" } as const;

/**
 * What the server's own admission adds to a new pod: service account and its token, priority, tolerations of the first five
 * minutes of a node's failure.
 *
 * @throws ApiRefusal 403 for a service account or priority class that does not exist.
 */
export function admitNewPod(object: KubeObject, context: RuleContext): void {
  const spec = specOf(object);
  fill(spec, { serviceAccountName: "default" });
  spec["serviceAccount"] = spec["serviceAccountName"];
  admitServiceAccount(object, spec, context);
  admitPriority(object, spec, context);
  admitRuntimeClass(object, spec, context);
  addTolerations(spec);
}

/** What a pod has that is stored without admission. */
export function completeStoredPod(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, { serviceAccountName: "default", priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  spec["serviceAccount"] = spec["serviceAccountName"];
}

function admitServiceAccount(object: KubeObject, spec: JsonRecord, context: RuleContext): void {
  const { name, namespace = "" } = object.metadata;
  if (object.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return;
  const accountName = textAt(spec, "serviceAccountName");
  const account = context.store.table("serviceaccounts").get(`${namespace}/${accountName}`);
  if (account === undefined) {
    const text = `error looking up service account ${namespace}/${accountName}: serviceaccount "${accountName}" not found`;
    throw forbidden(POD, name, text);
  }
  const mounts = spec["automountServiceAccountToken"] ?? account["automountServiceAccountToken"];
  if (mounts !== false) mountToken(spec, context);
  const secrets = recordsAt(account, "imagePullSecrets");
  if (recordsAt(spec, "imagePullSecrets").length === 0 && secrets.length > 0) {
    spec["imagePullSecrets"] = structuredClone(secrets);
  }
}

function mountToken(spec: JsonRecord, context: RuleContext): void {
  const volumes = recordsAt(spec, "volumes");
  let volumeName = volumes.map((volume) => textAt(volume, "name")).find((name) => name.startsWith("kube-api-access-"));
  const isThere = volumeName !== undefined;
  volumeName ??= `kube-api-access-${suffix(context.random)}`;
  let isUsed = false;
  for (const list of ["initContainers", "containers"]) {
    for (const container of recordsAt(spec, list)) {
      const mounts = recordsAt(container, "volumeMounts");
      if (mounts.some((mount) => mount["mountPath"] === TOKEN_PATH)) continue;
      container["volumeMounts"] = [...mounts, { name: volumeName, readOnly: true, mountPath: TOKEN_PATH }];
      isUsed = true;
    }
  }
  if (isUsed && !isThere) spec["volumes"] = [...volumes, tokenVolume(volumeName)];
}

function tokenVolume(name: string): JsonRecord {
  const field = { apiVersion: "v1", fieldPath: "metadata.namespace" };
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: field }] } },
  ];
  return { name, projected: { sources, defaultMode: 420 } };
}

function suffix(random: () => number): string {
  let text = "";
  for (let index = 0; index < 5; index++) {
    text += SUFFIX_ALPHABET[Math.floor(random() * SUFFIX_ALPHABET.length)] ?? "b";
  }
  return text;
}

function admitPriority(object: KubeObject, spec: JsonRecord, context: RuleContext): void {
  const classes = context.store.table("priorityclasses.scheduling.k8s.io");
  const name = textAt(spec, "priorityClassName");
  let found: KubeObject | undefined;
  if (name === "") found = [...classes.values()].find((candidate) => candidate["globalDefault"] === true);
  else {
    found = classes.get(name);
    if (found === undefined) throw forbidden(POD, object.metadata.name, `no PriorityClass with name ${name} was found`);
  }
  const priority = found?.["value"] ?? 0;
  const policy = found?.["preemptionPolicy"] ?? "PreemptLowerPriority";
  if (found !== undefined) spec["priorityClassName"] = found.metadata.name;
  if (spec["priority"] !== undefined && spec["priority"] !== null && spec["priority"] !== priority) {
    const text = `the integer value of priority (${JSON.stringify(spec["priority"])}) must not be provided in pod spec; priority admission controller computed ${JSON.stringify(priority)} from the given PriorityClass name`;
    throw forbidden(POD, object.metadata.name, text);
  }
  spec["priority"] = priority;
  spec["preemptionPolicy"] = policy;
}

/** What a runtime class costs is counted with each of its pods. */
function admitRuntimeClass(object: KubeObject, spec: JsonRecord, context: RuleContext): void {
  const name = textAt(spec, "runtimeClassName");
  if (name === "") return;
  const found = context.store.table("runtimeclasses.node.k8s.io").get(name);
  if (found === undefined) {
    throw forbidden(POD, object.metadata.name, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
  const overhead = recordAt(recordAt(found, "overhead"), "podFixed");
  if (overhead !== undefined) spec["overhead"] = { ...overhead };
}

/** A pod stays five minutes on a node that fails, unless it says how long. */
export function addTolerations(spec: JsonRecord): void {
  const tolerations = recordsAt(spec, "tolerations");
  const added: JsonRecord[] = [];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const isTolerated = tolerations.some((toleration) => {
      const own = textAt(toleration, "key");
      const effect = textAt(toleration, "effect");
      return (own === key || own === "") && (effect === "NoExecute" || effect === "");
    });
    if (!isTolerated) added.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
  if (added.length > 0) spec["tolerations"] = [...tolerations, ...added];
}

/** Applies the container defaults of the namespace's limit ranges. */
export function applyLimitRanges(object: KubeObject, context: RuleContext): void {
  const notes: string[] = [];
  for (const range of context.store.table("limitranges").values()) {
    if (range.metadata.namespace !== object.metadata.namespace) continue;
    for (const item of recordsAt(range.spec, "limits")) {
      if (item["type"] !== "Container") continue;
      for (const list of ["containers", "initContainers"]) {
        for (const container of recordsAt(object.spec, list)) applyItem(item, list, container, notes);
      }
    }
  }
  if (notes.length === 0) return;
  const text = `LimitRanger plugin set: ${notes.join("; ")}`;
  object.metadata.annotations = { ...object.metadata.annotations, "kubernetes.io/limit-ranger": text };
}

function applyItem(item: JsonRecord, list: string, container: JsonRecord, notes: string[]): void {
  const kind = list === "containers" ? "container" : "init container";
  for (const [from, to, word] of [
    ["defaultRequest", "requests", "request"],
    ["default", "limits", "limit"],
  ] as const) {
    const defaults = recordAt(item, from);
    if (defaults === undefined) continue;
    const target = ensureRecord(ensureRecord(container, "resources"), to);
    const set = Object.keys(defaults)
      .filter((name) => target[name] === undefined)
      .sort();
    for (const name of set) target[name] = defaults[name];
    if (set.length > 0) notes.push(`${set.join(", ")} ${word} for ${kind} ${textAt(container, "name")}`);
    if (Object.keys(target).length === 0) delete ensureRecord(container, "resources")[to];
  }
}
