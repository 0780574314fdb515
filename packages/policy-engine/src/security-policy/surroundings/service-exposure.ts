import type { ServiceExposure } from "../evaluation/evaluation-subject.ts";
import { objectIn, objectsIn, stringMapIn, textIn, type LooseObject } from "../workload/json-reading.ts";
import type { ExposureLevel, Workload } from "../workload/workload.ts";

/**
 * How services expose the ports of a workload: `LoadBalancer` and external addresses EXTERNAL, `NodePort` NODE, anything else
 * INTERNAL. Services without selector, and those of other namespaces, expose none of its ports.
 *
 * @param services - Service objects as parsed from JSON, of any namespace; whatever else is among them is passed over.
 *
 * @public
 */
export function readServiceExposures(workload: Workload, services: readonly unknown[]): readonly ServiceExposure[] {
  const exposures: ServiceExposure[] = [];
  for (const service of services) addExposures(workload, objectIn(service), exposures);
  return exposures;
}

function addExposures(workload: Workload, service: LooseObject, exposures: ServiceExposure[]): void {
  const metadata = objectIn(service["metadata"]);
  const spec = objectIn(service["spec"]);
  const selector = stringMapIn(spec["selector"]);
  const isOther = service["kind"] !== "Service" || (textIn(metadata["namespace"]) || "default") !== workload.namespace;
  if (isOther || selector.size === 0 || spec["type"] === "ExternalName") return;
  for (const [key, value] of selector) if (workload.podLabels.get(key) !== value) return;
  for (const entry of objectsIn(spec["ports"])) {
    const protocol = (textIn(entry["protocol"]) || "TCP").toUpperCase();
    const port = targetOf(entry, protocol, workload);
    if (port === undefined) continue;
    const nodePort = typeof entry["nodePort"] === "number" ? entry["nodePort"] : undefined;
    exposures.push({ port, protocol, level: levelOf(spec), nodePort, service: textIn(metadata["name"]) });
  }
}

/** The container's port behind a port of the service; undefined for a name that no container has. */
function targetOf(entry: LooseObject, protocol: string, workload: Workload): number | undefined {
  const target = entry["targetPort"] ?? entry["port"];
  if (typeof target === "number") return target;
  return workload.ports.find((port) => port.name === target && port.protocol === protocol)?.port;
}

function levelOf(spec: LooseObject): ExposureLevel {
  const addresses = spec["externalIPs"];
  if (spec["type"] === "LoadBalancer" || (Array.isArray(addresses) && addresses.length > 0)) return "EXTERNAL";
  return spec["type"] === "NodePort" ? "NODE" : "INTERNAL";
}
