import type { StatusCause } from "../refusals/api-refusal.ts";
import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { isPort } from "./container-validation.ts";
import { FieldErrors } from "./field-errors.ts";
import { numberAt, recordAt, recordsAt, stringsAt, textAt } from "./json-access.ts";
import { findSelectorProblems } from "./label-selector-validation.ts";
import { labelProblem, portNameProblems, subdomainProblem } from "./name-formats.ts";
import { isAddress } from "./pod-validation.ts";

export function findIngressProblems(
  object: KubeObject,
  _current: KubeObject | undefined,
  subresource: string,
): readonly StatusCause[] {
  const errors = new FieldErrors();
  if (subresource === "status") return [];
  const spec = recordAt(object, "spec") ?? {};
  const rules = recordsAt(spec, "rules");
  const backend = recordAt(spec, "defaultBackend");
  if (rules.length === 0 && backend === undefined) {
    errors.invalid("spec", null, "either `defaultBackend` or `rules` must be specified");
  }
  if (backend !== undefined) checkBackend(errors, backend, "spec.defaultBackend");
  rules.forEach((rule, index) => {
    const at = `spec.rules[${index}]`;
    const host = textAt(rule, "host");
    if (host !== "" && isAddress(host)) errors.invalid(`${at}.host`, host, "must be a DNS name, not an IP address");
    const why = host === "" ? undefined : subdomainProblem(host.replace(/^\*\./, ""));
    if (why !== undefined) errors.invalid(`${at}.host`, host, why);
    const http = recordAt(rule, "http");
    if (http === undefined) return;
    const paths = recordsAt(http, "paths");
    if (paths.length === 0) errors.required(`${at}.http.paths`);
    paths.forEach((path, pathIndex) => checkIngressPath(errors, path, `${at}.http.paths[${pathIndex}]`));
  });
  return errors.causes;
}

function checkIngressPath(errors: FieldErrors, path: JsonRecord, at: string): void {
  const type = textAt(path, "pathType");
  const text = textAt(path, "path");
  if (type === "") {
    errors.required(`${at}.pathType`, "pathType must be specified");
    return;
  }
  if (!["Exact", "ImplementationSpecific", "Prefix"].includes(type)) {
    errors.notSupported(`${at}.pathType`, type, ["Exact", "ImplementationSpecific", "Prefix"]);
  } else if (!text.startsWith("/") && (type !== "ImplementationSpecific" || text !== "")) {
    errors.invalid(`${at}.path`, text, "must be an absolute path");
  }
  checkBackend(errors, recordAt(path, "backend") ?? {}, `${at}.backend`);
}

function checkBackend(errors: FieldErrors, backend: JsonRecord, at: string): void {
  const service = recordAt(backend, "service");
  const resource = recordAt(backend, "resource");
  if (service !== undefined && resource !== undefined) {
    errors.invalid(at, "", "cannot set both resource and service backends");
  } else if (service !== undefined) {
    const name = textAt(service, "name");
    const why = labelProblem(name);
    if (name === "") errors.required(`${at}.service.name`);
    else if (why !== undefined) errors.invalid(`${at}.service.name`, name, why);
    const port = recordAt(service, "port") ?? {};
    const number = numberAt(port, "number") ?? 0;
    const portName = textAt(port, "name");
    if (portName !== "" && number !== 0) errors.invalid(at, "", "cannot set both port name & port number");
    else if (portName !== "") {
      for (const why of portNameProblems(portName)) errors.invalid(`${at}.service.port.name`, portName, why);
    } else if (number === 0) errors.required(at, "port name or number is required");
    else if (!isPort(number))
      errors.invalid(`${at}.service.port.number`, number, "must be between 1 and 65535, inclusive");
  } else if (resource === undefined) errors.invalid(at, "", "resource or service backend is required");
}

export function findNetworkPolicyProblems(object: KubeObject): readonly StatusCause[] {
  const errors = new FieldErrors();
  const spec = recordAt(object, "spec") ?? {};
  findSelectorProblems(errors, recordAt(spec, "podSelector"), "spec.podSelector");
  for (const [list, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    recordsAt(spec, list).forEach((rule, index) => {
      const at = `spec.${list}[${index}]`;
      recordsAt(rule, "ports").forEach((port, portIndex) => {
        const field = `${at}.ports[${portIndex}]`;
        errors.oneOf(`${field}.protocol`, port["protocol"], ["SCTP", "TCP", "UDP"]);
        const number = port["port"];
        if (typeof number === "number" && !isPort(number)) {
          errors.invalid(`${field}.port`, number, "must be between 1 and 65535, inclusive");
        }
      });
      recordsAt(rule, peers).forEach((peer, peerIndex) => {
        const field = `${at}.${peers}[${peerIndex}]`;
        if (Object.keys(peer).length === 0) errors.required(field, "must specify a peer");
        if (peer["ipBlock"] !== undefined && Object.keys(peer).length > 1) {
          errors.forbidden(field, "may not specify both ipBlock and another peer");
        }
        const cidr = textAt(recordAt(peer, "ipBlock"), "cidr");
        if (peer["ipBlock"] !== undefined && cidr === "") errors.required(`${field}.ipBlock.cidr`);
        else if (cidr !== "" && !isAddress(cidr.split("/")[0] ?? "")) {
          const why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
          errors.invalid(`${field}.ipBlock.cidr`, cidr, why);
        }
      });
    });
  }
  stringsAt(spec, "policyTypes").forEach((type, index) => {
    if (type !== "Ingress" && type !== "Egress") {
      errors.notSupported(`spec.policyTypes[${index}]`, type, ["Egress", "Ingress"]);
    }
  });
  return errors.causes;
}

export function findEndpointSliceProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  const type = textAt(object, "addressType");
  recordsAt(object, "endpoints").forEach((endpoint, index) => {
    const addresses = stringsAt(endpoint, "addresses");
    if (addresses.length === 0) errors.required(`endpoints[${index}].addresses`, "must contain at least 1 address");
    addresses.forEach((address, addressIndex) => {
      if (type === "FQDN" || isAddress(address)) return;
      const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
      errors.invalid(`endpoints[${index}].addresses[${addressIndex}]`, address, why);
    });
  });
  errors.oneOf("addressType", type, ["FQDN", "IPv4", "IPv6"]);
  recordsAt(object, "ports").forEach((port, index) => {
    errors.oneOf(`ports[${index}].protocol`, port["protocol"], ["SCTP", "TCP", "UDP"]);
  });
  if (current !== undefined) errors.immutable("addressType", type, current["addressType"]);
  return errors.causes;
}

export function findIngressClassProblems(object: KubeObject, current: KubeObject | undefined): readonly StatusCause[] {
  const errors = new FieldErrors();
  const controller = textAt(recordAt(object, "spec"), "controller");
  if (current !== undefined) {
    errors.immutable("spec.controller", controller, textAt(recordAt(current, "spec"), "controller"));
  } else if (controller === "") errors.required("spec.controller");
  else if (!/^[^/]+\/./.test(controller)) {
    errors.invalid("spec.controller", controller, 'must be a domain-prefixed path (such as "acme.io/foo")');
  }
  return errors.causes;
}
