import type { StatusCause } from "../refusals/api-refusal.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { isPort } from "./container-validation.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, specOf, stringsAt, textAt } from "./json-access.ts";
import { labelProblem, portNameProblems, qualifiedNameProblems, subdomainProblem } from "./name-formats.ts";
import { isAddress } from "./pod-validation.ts";

const PORT_TEXT = "must be between 1 and 65535, inclusive";

/** All problems of a service, in the server's order. */
export function findServiceProblems(
  object: KubeObject,
  current: KubeObject | undefined,
  subresource: string,
): readonly StatusCause[] {
  if (subresource === "status") return [];
  const errors = new FieldErrors();
  const spec = specOf(object);
  const addresses = stringsAt(spec, "clusterIPs");
  const type = textAt(spec, "type");
  const isHeadless = addresses[0] === "None";
  if (current !== undefined) checkFixedAddress(errors, addresses, type, specOf(current));
  const ports = recordsAt(spec, "ports");
  if (ports.length === 0 && !isHeadless && type !== "ExternalName") errors.required("spec.ports");
  if ((type === "LoadBalancer" || type === "NodePort") && isHeadless) {
    errors.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`);
  }
  if (type === "ExternalName") checkExternalName(errors, spec, addresses);
  checkPorts(errors, ports);
  for (const key of Object.keys(recordAt(spec, "selector") ?? {})) {
    for (const why of qualifiedNameProblems(key)) errors.invalid("spec.selector", key, why);
  }
  errors.oneOf("spec.sessionAffinity", spec["sessionAffinity"], ["ClientIP", "None"]);
  const timeout = numberAt(recordAt(recordAt(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds");
  if (timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    const field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
    errors.invalid(field, timeout, "must be greater than 0 and less than 86400");
  }
  addresses.forEach((address, index) => {
    if (address === "None" || isAddress(address)) return;
    const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    errors.invalid(`spec.clusterIPs[${index}]`, address, why);
  });
  stringsAt(spec, "externalIPs").forEach((address, index) => {
    if (isAddress(address)) return;
    const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    errors.invalid(`spec.externalIPs[${index}]`, address, why);
  });
  errors.oneOf("spec.type", spec["type"], ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
  checkNumbers(errors, ports, type);
  const policy = textAt(spec, "externalTrafficPolicy");
  if (policy !== "" && policy !== "Cluster" && policy !== "Local") {
    errors.notSupported("spec.externalTrafficPolicy", policy, ["Cluster", "Local"]);
  }
  return errors.causes;
}

function checkFixedAddress(errors: FieldErrors, addresses: readonly string[], type: string, old: JsonRecord): void {
  const before = stringsAt(old, "clusterIPs");
  if (type === "ExternalName" || textAt(old, "type") === "ExternalName" || before.length === 0) return;
  if (addresses[0] !== before[0]) errors.invalid("spec.clusterIPs[0]", addresses, "may not change once set");
}

function checkExternalName(errors: FieldErrors, spec: JsonRecord, addresses: readonly string[]): void {
  const why = "may not be set for ExternalName services";
  if (addresses.length > 0) errors.forbidden("spec.clusterIPs", why);
  if (stringsAt(spec, "ipFamilies").length > 0) errors.forbidden("spec.ipFamilies", why);
  if (spec["ipFamilyPolicy"] !== undefined) errors.forbidden("spec.ipFamilyPolicy", why);
  const name = textAt(spec, "externalName").replace(/\.$/, "");
  const problem = subdomainProblem(name);
  if (name === "") errors.required("spec.externalName");
  else if (problem !== undefined) errors.invalid("spec.externalName", name, problem);
}

function checkPorts(errors: FieldErrors, ports: readonly JsonRecord[]): void {
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = textAt(port, "name");
    if (name === "") {
      if (ports.length > 1) errors.required(`${at}.name`);
    } else {
      const why = labelProblem(name);
      if (why !== undefined) errors.invalid(`${at}.name`, name, why);
      if (names.has(name)) errors.duplicate(`${at}.name`, name);
      names.add(name);
    }
    const number = numberAt(port, "port") ?? 0;
    if (!isPort(number)) errors.invalid(`${at}.port`, number, PORT_TEXT);
    errors.oneOf(`${at}.protocol`, port["protocol"], ["SCTP", "TCP", "UDP"]);
    const target = port["targetPort"];
    if (typeof target === "string") {
      for (const why of portNameProblems(target)) errors.invalid(`${at}.targetPort`, target, why);
    } else if (typeof target === "number" && !isPort(target)) errors.invalid(`${at}.targetPort`, target, PORT_TEXT);
    const application = textAt(port, "appProtocol");
    for (const why of application === "" ? [] : qualifiedNameProblems(application)) {
      errors.invalid(`${at}.appProtocol`, application, why);
    }
  });
}

function checkNumbers(errors: FieldErrors, ports: readonly JsonRecord[], type: string): void {
  const nodePorts = new Set<string>();
  ports.forEach((port, index) => {
    const number = numberAt(port, "nodePort") ?? 0;
    if (number === 0) return;
    const field = `spec.ports[${index}].nodePort`;
    if (type === "ClusterIP") errors.forbidden(field, "may not be used when `type` is 'ClusterIP'");
    const key = `${textAt(port, "protocol")}/${number}`;
    if (nodePorts.has(key)) errors.duplicate(field, number);
    nodePorts.add(key);
  });
  const numbers = new Set<string>();
  ports.forEach((port, index) => {
    const key = `${textAt(port, "protocol")}/${String(port["port"])}`;
    if (numbers.has(key)) errors.duplicate(`spec.ports[${index}]`, { protocol: port["protocol"], port: port["port"] });
    numbers.add(key);
  });
}
