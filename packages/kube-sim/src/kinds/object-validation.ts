import type { StatusCause } from "../refusals/api-refusal.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, stringsAt, textAt } from "./json-access.ts";
import { configKeyProblem, labelProblem, qualifiedNameProblems } from "./name-formats.ts";
import { compareQuantities } from "./quantity.ts";

const SIZE_LIMIT = 1_048_576;
const FIXED = "field is immutable when `immutable` is set";

export function findConfigMapProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  checkImmutable(errors, object, current, ["data", "binaryData"]);
  const data = recordAt(object, "data") ?? {};
  const binary = recordAt(object, "binaryData") ?? {};
  let size = 0;
  for (const key of Object.keys(data).sort()) {
    const why = configKeyProblem(key);
    if (why !== undefined) errors.invalid(`data[${key}]`, key, why);
    if (Object.hasOwn(binary, key)) errors.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
    size += Buffer.byteLength(String(data[key]));
  }
  for (const key of Object.keys(binary).sort()) {
    const why = configKeyProblem(key);
    if (why !== undefined) errors.invalid(`binaryData[${key}]`, key, why);
    size += Buffer.byteLength(String(binary[key]), "base64");
  }
  if (size > SIZE_LIMIT) errors.tooLong("", SIZE_LIMIT);
  return errors.causes;
}

function checkImmutable(
  errors: FieldErrors,
  object: KubeObject,
  current: KubeObject | undefined,
  fields: readonly string[],
): void {
  if (current?.["immutable"] !== true) return;
  if (object["immutable"] !== true) errors.forbidden("immutable", FIXED);
  for (const field of fields) {
    if (sorted(object[field]) !== sorted(current[field])) errors.forbidden(field, FIXED);
  }
}

function sorted(map: unknown): string {
  return JSON.stringify(Object.entries((map ?? {}) as JsonRecord).sort((a, b) => (a[0] < b[0] ? -1 : 1)));
}

/** Keys that a secret of a type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};
const ACCOUNT = "kubernetes.io/service-account.name";

export function findSecretProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  if (current !== undefined) errors.immutable("type", object["type"], current["type"]);
  checkImmutable(errors, object, current, ["data"]);
  const data = recordAt(object, "data") ?? {};
  let size = 0;
  for (const key of Object.keys(data).sort()) {
    const why = configKeyProblem(key);
    if (why !== undefined) errors.invalid(`data[${key}]`, key, why);
    size += Buffer.byteLength(String(data[key]), "base64");
  }
  if (size > SIZE_LIMIT) errors.tooLong("data", SIZE_LIMIT);
  const type = textAt(object, "type");
  for (const key of Object.hasOwn(SECRET_KEYS, type) ? (SECRET_KEYS[type] ?? []) : []) {
    if (data[key] === undefined) errors.required(`data[${key}]`);
    else if (type.startsWith("kubernetes.io/docker") && !isJson(asText(data[key]))) {
      errors.invalid(`data[${key}]`, "<secret contents redacted>", "invalid character in JSON input");
    }
  }
  if (type === "kubernetes.io/basic-auth" && data["username"] === undefined && data["password"] === undefined) {
    errors.required("data[username]");
    errors.required("data[password]");
  }
  if (type === "kubernetes.io/service-account-token" && (object.metadata.annotations?.[ACCOUNT] ?? "") === "") {
    errors.required(`metadata.annotations[${ACCOUNT}]`);
  }
  return errors.causes;
}

function isJson(encoded: string): boolean {
  try {
    JSON.parse(Buffer.from(encoded, "base64").toString());
    return true;
  } catch {
    // What cannot be parsed is the answer itself.
    return false;
  }
}

/** A quantity or encoded value as it was written. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function findLeaseProblems(object: KubeObject): readonly StatusCause[] {
  const errors = new FieldErrors();
  const spec = recordAt(object, "spec") ?? {};
  const duration = numberAt(spec, "leaseDurationSeconds");
  if (duration !== undefined && duration <= 0) {
    errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
  }
  errors.nonNegative("spec.leaseTransitions", spec["leaseTransitions"]);
  const strategy = textAt(spec, "strategy");
  if (textAt(spec, "preferredHolder") !== "" && strategy === "") {
    errors.forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined");
  }
  return errors.causes;
}

/** @param isStrict - written through events.k8s.io */
export function findEventProblems(
  object: KubeObject,
  current: KubeObject | undefined,
  isStrict: boolean,
): readonly StatusCause[] {
  const errors = new FieldErrors();
  const { namespace = "" } = object.metadata;
  const involved = textAt(recordAt(object, "involvedObject"), "namespace");
  const controller = isStrict ? "reportingController" : "reportingComponent";
  const hasTime = textAt(object, "eventTime") !== "";
  const mismatch = (): void => errors.invalid("involvedObject.namespace", involved, "does not match event.namespace");
  if (!hasTime) {
    if (involved === "" ? namespace !== "default" : involved !== namespace) mismatch();
  } else {
    if (involved === "" && namespace !== "default" && namespace !== "kube-system") mismatch();
    const reporter = textAt(object, "reportingComponent");
    if (reporter === "") errors.required(controller);
    for (const why of qualifiedNameProblems(reporter)) errors.invalid(controller, reporter, why);
    for (const [field, limit] of [
      ["reportingInstance", 128],
      ["action", 128],
      ["reason", 128],
    ] as const) {
      const value = textAt(object, field);
      if (value === "") errors.required(field);
      if (value.length > limit) errors.invalid(field, "", `can have at most ${limit} characters`);
    }
    if (textAt(object, "message").length > 1024) errors.invalid("message", "", "can have at most 1024 characters");
  }
  if (!isStrict) return errors.causes;
  const type = textAt(object, "type");
  if (current === undefined) {
    checkSeries(errors, object);
    if (!hasTime) errors.required("eventTime");
    if (type !== "Normal" && type !== "Warning") errors.invalid("type", "", `has invalid value: ${type}`);
    for (const field of ["firstTimestamp", "lastTimestamp"]) {
      if (textAt(object, field) !== "") errors.invalid(field, "", "needs to be unset");
    }
    if ((numberAt(object, "count") ?? 0) !== 0) errors.invalid("count", "", "needs to be unset");
    const source = recordAt(object, "source");
    if (textAt(source, "component") !== "" || textAt(source, "host") !== "") {
      errors.invalid("source", "", "needs to be unset");
    }
    return errors.causes;
  }
  if (JSON.stringify(object["series"]) !== JSON.stringify(current["series"])) checkSeries(errors, object);
  for (const field of FIXED_EVENT_FIELDS) errors.immutable(field, object[field], current[field]);
  errors.immutable("reportingController", object["reportingComponent"], current["reportingComponent"]);
  errors.immutable("reportingInstance", object["reportingInstance"], current["reportingInstance"]);
  return errors.causes;
}

const FIXED_EVENT_FIELDS = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
] as const;

function checkSeries(errors: FieldErrors, object: KubeObject): void {
  const series = recordAt(object, "series");
  if (series === undefined) return;
  if ((numberAt(series, "count") ?? 0) < 2) errors.invalid("series.count", "", "should be at least 2");
  if (textAt(series, "lastObservedTime") === "") errors.required("series.lastObservedTime");
}

export function findStorageClassProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  if (current !== undefined) {
    if (sorted(object["parameters"]) !== sorted(current["parameters"])) {
      errors.invalid("parameters", object["parameters"] ?? null, "field is immutable");
    }
    errors.immutable("provisioner", object["provisioner"], current["provisioner"]);
    errors.immutable("reclaimPolicy", object["reclaimPolicy"], current["reclaimPolicy"]);
    errors.immutable("volumeBindingMode", object["volumeBindingMode"], current["volumeBindingMode"]);
    return errors.causes;
  }
  const provisioner = textAt(object, "provisioner");
  if (provisioner === "") errors.required("provisioner", provisioner);
  for (const why of provisioner === "" ? [] : qualifiedNameProblems(provisioner.toLowerCase())) {
    errors.invalid("provisioner", provisioner, why);
  }
  errors.oneOf("reclaimPolicy", object["reclaimPolicy"], ["Delete", "Retain"]);
  errors.oneOf("volumeBindingMode", object["volumeBindingMode"], ["Immediate", "WaitForFirstConsumer"]);
  return errors.causes;
}

const HIGHEST_PRIORITY = 1_000_000_000;

export function findPriorityClassProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  const value = numberAt(object, "value") ?? 0;
  const { name } = object.metadata;
  if (current === undefined) {
    if (name.startsWith("system-") && !["system-node-critical", "system-cluster-critical"].includes(name)) {
      errors.forbidden(
        "metadata.name",
        "priority class names with 'system-' prefix are reserved for system use only. error: " +
          `${name} is not a known system priority class`,
      );
    } else if (!name.startsWith("system-") && value > HIGHEST_PRIORITY) {
      errors.forbidden("value", `maximum allowed value of a user defined priority is ${HIGHEST_PRIORITY}`);
    }
    const policy = object["preemptionPolicy"];
    if (policy !== undefined) errors.oneOf("preemptionPolicy", policy, ["PreemptLowerPriority", "Never"]);
    return errors.causes;
  }
  if (object["value"] !== current["value"]) errors.forbidden("value", "may not be changed in an update.");
  errors.immutable("preemptionPolicy", object["preemptionPolicy"], current["preemptionPolicy"]);
  return errors.causes;
}

export function findLimitRangeProblems(object: KubeObject): readonly StatusCause[] {
  const errors = new FieldErrors();
  recordsAt(recordAt(object, "spec"), "limits").forEach((item, index) => {
    const at = `spec.limits[${index}]`;
    const type = textAt(item, "type");
    if (type === "") errors.required(`${at}.type`);
    const min = recordAt(item, "min") ?? {};
    const max = recordAt(item, "max") ?? {};
    const limits = recordAt(item, "default") ?? {};
    const requests = recordAt(item, "defaultRequest") ?? {};
    const check = (
      field: string,
      name: string,
      low: unknown,
      high: unknown,
      words: readonly [string, string],
    ): void => {
      if (low === undefined || high === undefined || compareQuantities(low, high) <= 0) return;
      const value = field === "min" || words[0] === "default request" ? low : high;
      errors.invalid(
        `${at}.${field}[${name}]`,
        value,
        `${words[0]} value ${asText(low)} is greater than ${words[1]} value ${asText(high)}`,
      );
    };
    for (const name of Object.keys({ ...min, ...max, ...limits, ...requests }).sort()) {
      check("min", name, min[name], max[name], ["min", "max"]);
      check("defaultRequest", name, min[name], requests[name], ["min", "default request"]);
      check("defaultRequest", name, requests[name], max[name], ["default request", "max"]);
      check("defaultRequest", name, requests[name], limits[name], ["default request", "default limit"]);
      check("default", name, min[name], limits[name], ["min", "default"]);
      check("default", name, limits[name], max[name], ["default", "max"]);
    }
  });
  return errors.causes;
}

const QUOTA_NAMES =
  /^((requests|limits)\.)?(cpu|memory|storage|ephemeral-storage)$|^(pods|services|services\.(nodeports|loadbalancers)|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims)$|hugepages-/;
const QUOTA_SCOPES =
  /^(Terminating|NotTerminating|BestEffort|NotBestEffort|PriorityClass|CrossNamespacePodAffinity|VolumeAttributesClass)$/;

export function findResourceQuotaProblems(
  object: KubeObject,
  current: KubeObject | undefined,
  subresource: string,
): readonly StatusCause[] {
  const errors = new FieldErrors();
  if (subresource === "status") return [];
  const spec = recordAt(object, "spec") ?? {};
  const hard = recordAt(spec, "hard") ?? {};
  for (const name of Object.keys(hard).sort()) {
    for (const why of qualifiedNameProblems(name)) errors.invalid(`spec.hard[${name}]`, name, why);
    const isQualified = qualifiedNameProblems(name).length === 0;
    if (!name.includes("/") && !QUOTA_NAMES.test(name)) {
      const why = "must be a standard resource type or fully qualified";
      if (isQualified) errors.invalid(`spec.hard[${name}]`, name, why);
      errors.invalid(`spec.hard[${name}]`, name, "must be a standard resource for quota");
    }
    if (compareQuantities(hard[name], "0") < 0) {
      errors.invalid(`spec.hard[${name}]`, hard[name], "must be greater than or equal to 0");
    }
  }
  const scopes = stringsAt(spec, "scopes");
  if (scopes.some((scope) => !QUOTA_SCOPES.test(scope))) errors.invalid("spec.scopes", scopes, "unsupported scope");
  if (current !== undefined) {
    const old = recordAt(current, "spec") ?? {};
    if (JSON.stringify(spec["scopes"]) !== JSON.stringify(old["scopes"])) {
      errors.invalid("spec.scopes", spec["scopes"] ?? null, "field is immutable");
    }
  }
  return errors.causes;
}

export function findRevisionProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  errors.nonNegative("revision", object["revision"]);
  if (object["data"] === undefined || object["data"] === null) errors.required("data", "data is mandatory");
  if (current !== undefined) errors.immutable("data", object["data"], current["data"]);
  return errors.causes;
}

export function findRuntimeClassProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  const handler = textAt(object, "handler");
  const why = labelProblem(handler);
  if (current !== undefined) errors.immutable("handler", handler, current["handler"]);
  else if (why !== undefined) errors.invalid("handler", handler, why);
  return errors.causes;
}

export function findSigningRequestProblems(
  object: KubeObject,
  current: KubeObject | undefined,
): readonly StatusCause[] {
  const errors = new FieldErrors();
  const spec = recordAt(object, "spec") ?? {};
  if (current !== undefined) return [];
  const usages = stringsAt(spec, "usages");
  if (textAt(spec, "request") === "") errors.invalid("spec.request", "", "PEM block type must be CERTIFICATE REQUEST");
  if (usages.length === 0) errors.required("spec.usages", "usages must not be empty");
  const signer = textAt(spec, "signerName");
  if (signer === "") errors.required("spec.signerName");
  else if (!/^[^/]+\.[^/]+\/[^/]/.test(signer)) {
    errors.invalid(
      "spec.signerName",
      signer,
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    );
  }
  return errors.causes;
}
