import type { JsonRecord } from "../resources/kube-object.ts";
import type { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, stringsAt, textAt } from "./json-access.ts";
import { configKeyProblem, labelProblem, portNameProblems, qualifiedNameProblems } from "./name-formats.ts";
import { compareQuantities, parseQuantity } from "./quantity.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;
const PORT_TEXT = "must be between 1 and 65535, inclusive";
const NOT_FOR_INIT = "may not be set for init containers without restartPolicy=Always";
const STANDARD_RESOURCES: Readonly<Record<string, true>> = { cpu: true, memory: true, "ephemeral-storage": true };
/** Containers may ask for these without a limit that is the same. */
const OVERCOMMITTED = /^(cpu|memory|ephemeral-storage)$/;

/**
 * Everything wrong with the containers of a pod specification.
 *
 * @param volumes - names that may be mounted.
 */
export function findContainerProblems(
  errors: FieldErrors,
  spec: JsonRecord,
  path: string,
  volumes: ReadonlySet<string>,
): void {
  const containers = recordsAt(spec, "containers");
  const names = new Set<string>();
  if (containers.length === 0) errors.required(`${path}.containers`);
  containers.forEach((container, index) => {
    const at = `${path}.containers[${index}]`;
    checkCommon(errors, container, at, volumes);
    checkName(errors, container, at, names);
    checkHooks(errors, container, at);
  });
  checkHostPorts(errors, containers, `${path}.containers`);
  recordsAt(spec, "initContainers").forEach((container, index) => {
    const at = `${path}.initContainers[${index}]`;
    checkCommon(errors, container, at, volumes);
    checkName(errors, container, at, names);
    checkHostPorts(errors, [container], `${path}.initContainers`);
    if (container["restartPolicy"] === "Always") checkHooks(errors, container, at);
    else {
      for (const name of ["lifecycle", ...PROBES]) {
        if (recordAt(container, name) !== undefined) errors.forbidden(`${at}.${name}`, NOT_FOR_INIT);
      }
    }
  });
  recordsAt(spec, "ephemeralContainers").forEach((container, index) => {
    const at = `${path}.ephemeralContainers[${index}]`;
    checkCommon(errors, container, at, volumes);
    checkName(errors, container, at, names);
    const target = textAt(container, "targetContainerName");
    if (target !== "" && !names.has(target)) errors.notFound(`${at}.targetContainerName`, target);
    for (const name of ["ports", ...PROBES, "lifecycle"]) {
      if (container[name] !== undefined) errors.forbidden(`${at}.${name}`, "cannot be set for an Ephemeral Container");
    }
  });
}

function checkName(errors: FieldErrors, container: JsonRecord, path: string, names: Set<string>): void {
  const name = textAt(container, "name");
  if (names.has(name)) errors.duplicate(`${path}.name`, name);
  else names.add(name);
}

function checkCommon(errors: FieldErrors, container: JsonRecord, path: string, volumes: ReadonlySet<string>): void {
  const name = textAt(container, "name");
  const why = labelProblem(name);
  if (name === "") errors.required(`${path}.name`);
  else if (why !== undefined) errors.invalid(`${path}.name`, name, why);
  if (textAt(container, "image") === "") errors.required(`${path}.image`);
  errors.oneOf(`${path}.terminationMessagePolicy`, container["terminationMessagePolicy"], [
    "File",
    "FallbackToLogsOnError",
  ]);
  checkPorts(errors, recordsAt(container, "ports"), `${path}.ports`);
  checkEnv(errors, recordsAt(container, "env"), `${path}.env`);
  recordsAt(container, "envFrom").forEach((source, index) => {
    const at = `${path}.envFrom[${index}]`;
    const used = ["configMapRef", "secretRef"].filter((field) => recordAt(source, field) !== undefined);
    for (const field of used) if (textAt(source[field], "name") === "") errors.required(`${at}.${field}.name`);
    if (used.length === 0) errors.invalid(`${path}.envFrom`, "", "must specify one of: `configMapRef` or `secretRef`");
    if (used.length > 1) errors.invalid(`${path}.envFrom`, "", "may not have more than one field specified at a time");
  });
  checkMounts(errors, recordsAt(container, "volumeMounts"), `${path}.volumeMounts`, volumes);
  errors.oneOf(`${path}.imagePullPolicy`, container["imagePullPolicy"], ["Always", "IfNotPresent", "Never"]);
  checkResources(errors, recordAt(container, "resources") ?? {}, `${path}.resources`);
}

function checkPorts(errors: FieldErrors, ports: readonly JsonRecord[], path: string): void {
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `${path}[${index}]`;
    const name = textAt(port, "name");
    if (name !== "") {
      const problems = portNameProblems(name);
      for (const why of problems) errors.invalid(`${at}.name`, name, why);
      if (problems.length === 0 && names.has(name)) errors.duplicate(`${at}.name`, name);
      if (problems.length === 0) names.add(name);
    }
    const number = numberAt(port, "containerPort") ?? 0;
    if (number === 0) errors.required(`${at}.containerPort`);
    else if (!isPort(number)) errors.invalid(`${at}.containerPort`, number, PORT_TEXT);
    const host = numberAt(port, "hostPort") ?? 0;
    if (host !== 0 && !isPort(host)) errors.invalid(`${at}.hostPort`, host, PORT_TEXT);
    errors.oneOf(`${at}.protocol`, port["protocol"], ["SCTP", "TCP", "UDP"]);
  });
}

function checkHostPorts(errors: FieldErrors, containers: readonly JsonRecord[], path: string): void {
  const used = new Set<string>();
  containers.forEach((container, index) => {
    recordsAt(container, "ports").forEach((port, portIndex) => {
      const number = numberAt(port, "hostPort") ?? 0;
      if (number === 0) return;
      const key = `${textAt(port, "protocol")}/${textAt(port, "hostIP")}/${number}`;
      if (used.has(key)) errors.duplicate(`${path}[${index}].ports[${portIndex}].hostPort`, key);
      used.add(key);
    });
  });
}

const ENV_SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const;
const ENV_SOURCES_TEXT =
  "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";

function checkEnv(errors: FieldErrors, variables: readonly JsonRecord[], path: string): void {
  variables.forEach((variable, index) => {
    const at = `${path}[${index}]`;
    const name = textAt(variable, "name");
    if (name === "") errors.required(`${at}.name`);
    else if (!/^[ -<>-~]+$/.test(name)) {
      errors.invalid(
        `${at}.name`,
        name,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      );
    }
    const from = recordAt(variable, "valueFrom");
    if (from === undefined) return;
    const used = ENV_SOURCES.filter((field) => recordAt(from, field) !== undefined);
    for (const field of used) checkEnvSource(errors, field, from[field], `${at}.valueFrom.${field}`);
    if (used.length === 0) errors.invalid(`${at}.valueFrom`, "", ENV_SOURCES_TEXT);
    else if (textAt(variable, "value") !== "") {
      errors.invalid(`${at}.valueFrom`, "", "may not be specified when `value` is not empty");
    } else if (used.length > 1) {
      errors.invalid(`${at}.valueFrom`, "", "may not have more than one field specified at a time");
    }
  });
}

function checkEnvSource(errors: FieldErrors, kind: string, source: unknown, path: string): void {
  if (kind === "fieldRef") {
    if (textAt(source, "fieldPath") === "") errors.required(`${path}.fieldPath`);
  } else if (kind === "resourceFieldRef") {
    if (textAt(source, "resource") === "") errors.required(`${path}.resource`);
  } else if (kind !== "fileKeyRef") {
    const key = textAt(source, "key");
    const why = configKeyProblem(key);
    if (textAt(source, "name") === "") errors.required(`${path}.name`);
    if (key === "") errors.required(`${path}.key`);
    else if (why !== undefined) errors.invalid(`${path}.key`, key, why);
  }
}

function checkMounts(
  errors: FieldErrors,
  mounts: readonly JsonRecord[],
  path: string,
  volumes: ReadonlySet<string>,
): void {
  const paths = new Set<string>();
  mounts.forEach((mount, index) => {
    const at = `${path}[${index}]`;
    const name = textAt(mount, "name");
    const mountPath = textAt(mount, "mountPath");
    if (name === "") errors.required(`${at}.name`);
    if (!volumes.has(name)) errors.notFound(`${at}.name`, name);
    if (mountPath === "") errors.required(`${at}.mountPath`);
    if (paths.has(mountPath)) errors.invalid(`${at}.mountPath`, mountPath, "must be unique");
    paths.add(mountPath);
    const subPath = textAt(mount, "subPath");
    if (subPath.startsWith("/")) errors.invalid(`${path}.subPath`, subPath, "must be a relative path");
    if (subPath.split("/").includes("..")) errors.invalid(`${path}.subPath`, subPath, "must not contain '..'");
  });
}

/** Requests and limits: known names, no negative amounts, no request above its limit. */
function checkResources(errors: FieldErrors, resources: JsonRecord, path: string): void {
  const limits = recordAt(resources, "limits") ?? {};
  const requests = recordAt(resources, "requests") ?? {};
  for (const name of Object.keys(limits).sort()) checkAmount(errors, name, limits[name], `${path}.limits`);
  for (const name of Object.keys(requests).sort()) {
    checkAmount(errors, name, requests[name], `${path}.requests`);
    const limit = limits[name];
    const field = `${path}.requests`;
    if (limit === undefined) {
      if (!OVERCOMMITTED.test(name))
        errors.required(`${path}.limits`, "Limit must be set for non overcommitable resources");
    } else if (!OVERCOMMITTED.test(name) && compareQuantities(requests[name], limit) !== 0) {
      errors.invalid(field, requests[name], `must be equal to ${name} limit of ${asText(limit)}`);
    } else if (compareQuantities(requests[name], limit) > 0) {
      errors.invalid(field, requests[name], `must be less than or equal to ${name} limit of ${asText(limit)}`);
    }
  }
}

/** A quantity as it was written. */
function asText(quantity: unknown): string {
  return typeof quantity === "string" ? quantity : JSON.stringify(quantity);
}

function checkAmount(errors: FieldErrors, name: string, amount: unknown, path: string): void {
  const field = `${path}[${name}]`;
  for (const why of qualifiedNameProblems(name)) errors.invalid(field, name, why);
  if (!name.includes("/") && STANDARD_RESOURCES[name] !== true && !name.startsWith("hugepages-")) {
    errors.invalid(field, name, "must be a standard resource type or fully qualified");
    errors.invalid(field, name, "must be a standard resource for containers");
  }
  if ((parseQuantity(amount) ?? 0n) < 0n) errors.invalid(field, amount, "must be greater than or equal to 0");
}

function checkHooks(errors: FieldErrors, container: JsonRecord, path: string): void {
  const lifecycle = recordAt(container, "lifecycle");
  for (const name of ["postStart", "preStop"]) {
    const handler = recordAt(lifecycle, name);
    if (handler !== undefined) checkHandler(errors, handler, `${path}.lifecycle.${name}`);
  }
  for (const name of PROBES) {
    const probe = recordAt(container, name);
    if (probe === undefined) continue;
    const at = `${path}.${name}`;
    checkHandler(errors, probe, at);
    for (const field of [
      "initialDelaySeconds",
      "timeoutSeconds",
      "periodSeconds",
      "successThreshold",
      "failureThreshold",
    ]) {
      errors.nonNegative(`${at}.${field}`, probe[field]);
    }
    const grace = numberAt(probe, "terminationGracePeriodSeconds");
    if (grace !== undefined && grace <= 0) {
      errors.invalid(`${at}.terminationGracePeriodSeconds`, grace, "must be greater than 0");
    }
    const successes = numberAt(probe, "successThreshold") ?? 1;
    if (name !== "readinessProbe" && successes !== 1) errors.invalid(`${at}.successThreshold`, successes, "must be 1");
  }
}

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function checkHandler(errors: FieldErrors, handler: JsonRecord, path: string): void {
  const used = HANDLERS.filter((name) => recordAt(handler, name) !== undefined);
  used.forEach((name, index) => {
    const at = `${path}.${name}`;
    const action = recordAt(handler, name) ?? {};
    if (index > 0) errors.forbidden(at, "may not specify more than 1 handler type");
    else if (name === "exec") {
      if (stringsAt(action, "command").length === 0) errors.required(`${at}.command`);
    } else if (name === "httpGet") {
      if (textAt(action, "path") === "") errors.required(`${at}.path`);
      checkPortOrName(errors, action["port"], `${at}.port`);
      errors.oneOf(`${at}.scheme`, action["scheme"], ["HTTP", "HTTPS"]);
    } else if (name === "tcpSocket") checkPortOrName(errors, action["port"], `${at}.port`);
    else if (name === "grpc") {
      const port = numberAt(action, "port") ?? 0;
      if (!isPort(port)) errors.invalid(`${at}.port`, port, PORT_TEXT);
    }
  });
  if (used.length === 0) errors.required(path, "must specify a handler type");
}

function checkPortOrName(errors: FieldErrors, port: unknown, path: string): void {
  if (typeof port === "string") for (const why of portNameProblems(port)) errors.invalid(path, port, why);
  else if (typeof port !== "number" || !isPort(port)) errors.invalid(path, port ?? 0, PORT_TEXT);
}

/** A number that a port can have. */
export function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}
