import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KindRules, RuleContext } from "../resources/kind-rules.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { invalid } from "../refusals/refusals.ts";
import { isPort } from "./container-validation.ts";
import { defaultService } from "./core-defaults.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, specOf, stringsAt, textAt } from "./json-access.ts";
import { labelProblem, portNameProblems, qualifiedNameProblems, subdomainProblem } from "./name-formats.ts";
import { isAddress } from "./pod-validation.ts";

const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2768;
/** Addresses of the cluster's services: 10.0.0.0/24 first, then on; the first is the API server's own. */
const RANGE = "10.0";
const PORT_TEXT = "must be between 1 and 65535, inclusive";

/** Services: defaults, validation, and the addresses and node ports that the server chooses. */
export function serviceRules(): KindRules {
  return {
    default: defaultService,
    prepareForCreate: (object) => {
      object.status = { loadBalancer: {} };
      alignAddresses(object);
    },
    prepareForUpdate: (next, current, subresource) => {
      if (subresource === "") carryAllocated(next, current);
    },
    findProblems: (object, current, subresource) =>
      subresource === "status" ? [] : findServiceProblems(object, current),
    allocate: (object, _current, context) => allocate(object, context),
  };
}

/** `clusterIP` and the first of `clusterIPs` are the same field under two names. */
function alignAddresses(object: KubeObject): void {
  const spec = specOf(object);
  const single = textAt(spec, "clusterIP");
  const list = stringsAt(spec, "clusterIPs");
  if (list.length === 0 && single !== "") spec["clusterIPs"] = [single];
}

/** What the server chose stays as long as the type needs it and the client says nothing else. */
function carryAllocated(next: KubeObject, current: KubeObject): void {
  const spec = specOf(next);
  const old = specOf(current);
  dropForeignFields(spec, old);
  if (spec["type"] === "ExternalName") {
    if (old["type"] !== "ExternalName") {
      for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
        if (JSON.stringify(spec[field]) === JSON.stringify(old[field])) delete spec[field];
      }
    }
    return;
  }
  if (old["type"] !== "ExternalName") {
    if (textAt(spec, "clusterIP") === "" && stringsAt(spec, "clusterIPs").length === 0) {
      spec["clusterIP"] = old["clusterIP"];
      spec["clusterIPs"] = structuredClone(old["clusterIPs"]);
    }
    for (const field of ["ipFamilies", "ipFamilyPolicy"]) spec[field] ??= structuredClone(old[field]);
  }
  alignAddresses(next);
  if (usesNodePorts(spec)) {
    for (const port of recordsAt(spec, "ports")) {
      if ((numberAt(port, "nodePort") ?? 0) !== 0) continue;
      const same = recordsAt(old, "ports").find(
        (candidate) => candidate["port"] === port["port"] && candidate["protocol"] === port["protocol"],
      );
      if (same?.["nodePort"] !== undefined) port["nodePort"] = same["nodePort"];
    }
  } else if (usesNodePorts(old)) {
    const used = new Set(recordsAt(old, "ports").map((port) => port["nodePort"]));
    for (const port of recordsAt(spec, "ports")) if (used.has(port["nodePort"])) delete port["nodePort"];
  }
}

/** Fields that the old type needed and the new one does not go when the client did not touch them. */
function dropForeignFields(spec: JsonRecord, old: JsonRecord): void {
  const isExternal = (record: JsonRecord): boolean =>
    record["type"] === "NodePort" || record["type"] === "LoadBalancer" || stringsAt(record, "externalIPs").length > 0;
  const dropped: string[] = [];
  if (!isExternal(spec) && isExternal(old)) dropped.push("externalTrafficPolicy");
  if (spec["type"] === "ExternalName") dropped.push("internalTrafficPolicy", "externalTrafficPolicy");
  if (spec["type"] !== "LoadBalancer") {
    dropped.push("allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort");
  }
  for (const field of dropped) if (spec[field] === old[field]) delete spec[field];
}

function usesNodePorts(spec: JsonRecord): boolean {
  return (
    spec["type"] === "NodePort" || (spec["type"] === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false)
  );
}

function allocate(object: KubeObject, context: RuleContext): void {
  const spec = specOf(object);
  if (spec["type"] !== "ExternalName") {
    const isHeadless = spec["clusterIP"] === "None";
    const isFree = isHeadless && Object.keys(recordAt(spec, "selector") ?? {}).length === 0;
    spec["ipFamilyPolicy"] ??= isFree ? "RequireDualStack" : "SingleStack";
    if (stringsAt(spec, "ipFamilies").length === 0) spec["ipFamilies"] = isFree ? ["IPv4", "IPv6"] : ["IPv4"];
    if (textAt(spec, "clusterIP") === "") {
      spec["clusterIP"] = freeAddress(context);
      spec["clusterIPs"] = [spec["clusterIP"]];
    } else checkAddressIsFree(object, textAt(spec, "clusterIP"), context);
  }
  if (!usesNodePorts(spec)) return;
  const used = usedNodePorts(object, context);
  recordsAt(spec, "ports").forEach((port, index) => {
    const own = numberAt(port, "nodePort") ?? 0;
    if (own !== 0) {
      checkNodePort(object, own, index, used);
      used.add(own);
      return;
    }
    let number = FIRST_NODE_PORT + Math.floor(context.random() * NODE_PORTS);
    while (used.has(number)) number = FIRST_NODE_PORT + ((number + 1 - FIRST_NODE_PORT) % NODE_PORTS);
    used.add(number);
    port["nodePort"] = number;
  });
}

function checkNodePort(object: KubeObject, port: number, index: number, used: ReadonlySet<number>): void {
  const isInRange = port >= FIRST_NODE_PORT && port < FIRST_NODE_PORT + NODE_PORTS;
  if (isInRange && !used.has(port)) return;
  const why = isInRange
    ? "provided port is already allocated"
    : `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${FIRST_NODE_PORT + NODE_PORTS - 1}`;
  throw refused(object, `spec.ports[${index}].nodePort`, port, why);
}

function usedNodePorts(object: KubeObject, context: RuleContext): Set<number> {
  const used = new Set<number>();
  for (const service of others(object, context)) {
    for (const port of recordsAt(service.spec, "ports")) {
      const number = numberAt(port, "nodePort");
      if (number !== undefined) used.add(number);
    }
  }
  return used;
}

function freeAddress(context: RuleContext): string {
  const used = new Set<string>();
  for (const service of context.store.table("services").values()) used.add(textAt(service.spec, "clusterIP"));
  let number = 2 + Math.floor(context.random() * 250);
  let address = "";
  do {
    address = `${RANGE}.${(number >> 8) & 255}.${number & 255}`;
    number++;
  } while (used.has(address));
  return address;
}

function checkAddressIsFree(object: KubeObject, address: string, context: RuleContext): void {
  if (address === "None") return;
  const field = "spec.clusterIPs";
  for (const service of others(object, context)) {
    if (textAt(service.spec, "clusterIP") !== address) continue;
    const why = `failed to allocate IP ${address}: provided IP is already allocated`;
    throw refused(object, field, [address], why);
  }
  if (!address.includes(":") && !address.startsWith(`${RANGE}.`)) {
    const why = `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${RANGE}.0.0/24`;
    throw refused(object, field, [address], why);
  }
}

function* others(object: KubeObject, context: RuleContext): Generator<KubeObject> {
  for (const service of context.store.table("services").values()) {
    if (service.metadata.uid !== object.metadata.uid) yield service;
  }
}

function refused(object: KubeObject, field: string, value: unknown, why: string): Error {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return invalid({ group: "", kind: "Service" }, object.metadata.name, [
    { reason: "FieldValueInvalid", message, field },
  ]);
}

function findServiceProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
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
