import type { StatusCause } from "../refusals/api-refusal.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { findContainerProblems } from "./container-validation.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, stringsAt, textAt } from "./json-access.ts";
import { findSelectorProblems } from "./label-selector-validation.ts";
import { labelProblem, labelValueProblem, qualifiedNameProblems, subdomainProblem } from "./name-formats.ts";

const MAX_INT32 = 2_147_483_647;
const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** Everything wrong with a new pod besides its metadata. */
export function findNewPodProblems(object: KubeObject): readonly StatusCause[] {
  const errors = new FieldErrors();
  checkPodSpec(errors, recordAt(object, "spec") ?? {}, "spec");
  return errors.causes;
}

/**
 * Everything wrong with a pod specification, in the order of the API.
 *
 * @param path - where the specification is: `spec` or `spec.template.spec`.
 */
export function checkPodSpec(errors: FieldErrors, spec: JsonRecord, path: string): void {
  const volumes = checkVolumes(errors, recordsAt(spec, "volumes"), `${path}.volumes`);
  findContainerProblems(errors, spec, path, volumes);
  checkEnums(errors, spec, path);
  const selector = recordAt(spec, "nodeSelector") ?? {};
  for (const [key, value] of Object.entries(selector)) {
    for (const why of qualifiedNameProblems(key)) errors.invalid(`${path}.nodeSelector`, key, why);
    const why = labelValueProblem(String(value));
    if (why !== undefined) errors.invalid(`${path}.nodeSelector`, value, why);
  }
  checkDnsConfig(errors, spec, path);
  checkSpread(errors, recordsAt(spec, "topologySpreadConstraints"), `${path}.topologySpreadConstraints`);
  checkNames(errors, spec, path);
  checkTolerations(errors, recordsAt(spec, "tolerations"), `${path}.tolerations`);
  recordsAt(spec, "hostAliases").forEach((alias, index) => {
    const ip = textAt(alias, "ip");
    const field = `${path}.hostAliases[${index}].ip`;
    if (!isAddress(ip)) errors.invalid(field, ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  });
}

function checkEnums(errors: FieldErrors, spec: JsonRecord, path: string): void {
  errors.oneOf(`${path}.restartPolicy`, spec["restartPolicy"], ["Always", "OnFailure", "Never"]);
  errors.oneOf(`${path}.dnsPolicy`, spec["dnsPolicy"], ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
}

function checkDnsConfig(errors: FieldErrors, spec: JsonRecord, path: string): void {
  const config = recordAt(spec, "dnsConfig");
  if (textAt(spec, "dnsPolicy") !== "None") return;
  if (config === undefined) errors.required(`${path}.dnsConfig`, "must provide `dnsConfig` when `dnsPolicy` is None");
  else if (stringsAt(config, "nameservers").length === 0) {
    errors.required(
      `${path}.dnsConfig.nameservers`,
      "must provide at least one DNS nameserver when `dnsPolicy` is None",
    );
  }
}

function checkNames(errors: FieldErrors, spec: JsonRecord, path: string): void {
  for (const [name, problem] of [
    ["serviceAccountName", subdomainProblem],
    ["nodeName", subdomainProblem],
  ] as const) {
    const value = textAt(spec, name);
    const why = value === "" ? undefined : problem(value);
    if (why !== undefined) errors.invalid(`${path}.${name}`, value, why);
  }
  const deadline = numberAt(spec, "activeDeadlineSeconds");
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    errors.invalid(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${MAX_INT32}, inclusive`);
  }
  for (const [name, problem] of [
    ["hostname", labelProblem],
    ["subdomain", labelProblem],
    ["priorityClassName", subdomainProblem],
    ["runtimeClassName", subdomainProblem],
  ] as const) {
    const value = textAt(spec, name);
    const why = value === "" ? undefined : problem(value);
    if (why !== undefined) errors.invalid(`${path}.${name}`, value, why);
  }
  const policy = textAt(spec, "preemptionPolicy");
  if (policy !== "") errors.oneOf(`${path}.preemptionPolicy`, policy, ["PreemptLowerPriority", "Never"]);
}

/** @returns the names of the sound volumes */
function checkVolumes(errors: FieldErrors, volumes: readonly JsonRecord[], path: string): ReadonlySet<string> {
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const at = `${path}[${index}]`;
    const before = errors.causes.length;
    checkVolumeSource(errors, volume, at);
    const name = textAt(volume, "name");
    const why = labelProblem(name);
    if (name === "") errors.required(`${at}.name`);
    else if (why !== undefined) errors.invalid(`${at}.name`, name, why);
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    if (errors.causes.length === before) names.add(name);
  });
  return names;
}

/** What a volume source cannot do without. */
const REQUIRED_SOURCE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  hostPath: ["path"],
  secret: ["secretName"],
  configMap: ["name"],
  persistentVolumeClaim: ["claimName"],
  nfs: ["server", "path"],
  csi: ["driver"],
  gitRepo: ["repository"],
};

function checkVolumeSource(errors: FieldErrors, volume: JsonRecord, path: string): void {
  const sources = Object.keys(volume).filter((name) => name !== "name" && isJsonRecord(volume[name]));
  if (sources.length === 0) errors.required(path, "must specify a volume type");
  sources.forEach((name, index) => {
    if (index > 0) {
      errors.forbidden(`${path}.${name}`, "may not specify more than 1 volume type");
      return;
    }
    const source = volume[name];
    for (const field of Object.hasOwn(REQUIRED_SOURCE_FIELDS, name) ? (REQUIRED_SOURCE_FIELDS[name] ?? []) : []) {
      if (textAt(source, field) === "") errors.required(`${path}.${name}.${field}`);
    }
    const ownPath = textAt(source, "path");
    if (name === "hostPath" && ownPath.split("/").includes("..")) {
      errors.invalid(`${path}.hostPath.path`, ownPath, "must not contain '..'");
    }
    if (name === "nfs" && ownPath !== "" && !ownPath.startsWith("/")) {
      errors.invalid(`${path}.nfs.path`, ownPath, "must be an absolute path");
    }
    const mode = numberAt(source, "defaultMode");
    if (mode !== undefined && (mode < 0 || mode > 0o777)) {
      errors.invalid(
        `${path}.${name}.defaultMode`,
        mode,
        "must be a number between 0 and 0777 (octal), both inclusive",
      );
    }
    recordsAt(source, "items").forEach((item, itemIndex) => {
      const at = `${path}.${name}.items[${itemIndex}]`;
      if (name !== "downwardAPI" && textAt(item, "key") === "") errors.required(`${at}.key`);
      if (textAt(item, "path") === "") errors.required(`${at}.path`);
    });
  });
}

function checkSpread(errors: FieldErrors, constraints: readonly JsonRecord[], path: string): void {
  constraints.forEach((constraint, index) => {
    const at = `${path}[${index}]`;
    const skew = numberAt(constraint, "maxSkew") ?? 0;
    if (skew <= 0) errors.invalid(`${at}.maxSkew`, skew, "must be greater than zero");
    if (textAt(constraint, "topologyKey") === "") errors.required(`${at}.topologyKey`, "can not be empty");
    const choices = ["DoNotSchedule", "ScheduleAnyway"];
    const when = textAt(constraint, "whenUnsatisfiable");
    if (!choices.includes(when)) errors.notSupported(`${at}.whenUnsatisfiable`, when, choices);
    findSelectorProblems(errors, recordAt(constraint, "labelSelector"), `${at}.labelSelector`);
  });
}

function checkTolerations(errors: FieldErrors, tolerations: readonly JsonRecord[], path: string): void {
  tolerations.forEach((toleration, index) => {
    const at = `${path}[${index}]`;
    const key = textAt(toleration, "key");
    const operator = textAt(toleration, "operator");
    const value = textAt(toleration, "value");
    const effect = textAt(toleration, "effect");
    if (key !== "") {
      for (const why of qualifiedNameProblems(key)) errors.invalid(`${at}.key`, key, why);
    } else if (operator !== "Exists") {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.invalid(`${at}.operator`, operator, why);
    }
    if (toleration["tolerationSeconds"] !== undefined && effect !== "NoExecute") {
      errors.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (operator === "Equal" || operator === "") {
      const why = labelValueProblem(value);
      if (why !== undefined) errors.invalid(`${at}.operator`, value, why);
    } else if (operator === "Exists") {
      if (value !== "") errors.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'");
    } else errors.notSupported(`${at}.operator`, operator, ["Equal", "Exists"]);
    if (effect !== "") errors.oneOf(`${at}.effect`, effect, EFFECTS);
  });
}

/** A host's address, of either family. */
export function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return text.split(".").every((part) => Number(part) <= 255 && (part === "0" || !part.startsWith("0")));
  }
  return text.includes(":") && URL.canParse(`http://[${text}]/`);
}
