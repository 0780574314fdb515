import type { KindRules, RuleContext } from "../resources/kind-rules.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { invalid } from "../refusals/refusals.ts";
import { defaultService } from "./core-defaults.ts";
import { numberAt, recordAt, recordsAt, specOf, stringsAt, textAt } from "./json-access.ts";

const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2768;
/** Addresses of the cluster's services: 10.0.0.0/24 first, then on; the first is the API server's own. */
const RANGE = "10.0";

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
