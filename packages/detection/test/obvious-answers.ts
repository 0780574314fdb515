import type { ContainerProfile, NetworkNeighbor } from "@kinglet/profile";

import type { NetworkPeer, ProfileAnswers } from "../src/detector.ts";
import { matchesDynamicPath } from "./matches-dynamic-path.ts";

/** The answers of a profile as one would write them down: slow, and knowing of wildcards only `\u22ef`. */
export function obviousAnswers({ spec }: Pick<ContainerProfile, "spec">): ProfileAnswers {
  const opens = (path: string) => spec.opens.filter((open) => matchesDynamicPath(open.path, path));
  const endpoints = (text: string) => spec.endpoints.filter((known) => matchesDynamicPath(known.endpoint, text));
  const plain = (name: string): string => name.toLowerCase().replace(/\.$/, "");
  return {
    wasExecuted: (path) => spec.execs.some((exec) => exec.path === path),
    wasExecutedWith: (path, args) =>
      spec.execs.some(
        (exec) =>
          exec.path === path &&
          ((exec.args.length === 0 && !exec.argsRequired) || JSON.stringify(exec.args) === JSON.stringify(args)),
      ),
    someExecution: (path, accepts) =>
      spec.execs.some(
        (exec) => exec.path === path && ((exec.args.length === 0 && !exec.argsRequired) || accepts(exec.args)),
      ),
    wasOpened: (path) => opens(path).length > 0,
    wasOpenedWith: (path, flags) => opens(path).some((open) => flags.every((flag) => open.flags.includes(flag))),
    hasOpenWithPrefix: (prefix) => prefix === "" || spec.opens.some((open) => open.path.startsWith(prefix)),
    hasOpenWithSuffix: (suffix) => suffix === "" || spec.opens.some((open) => open.path.endsWith(suffix)),
    usesSyscall: (name) => spec.syscalls.includes(name),
    usesCapability: (name) => spec.capabilities.includes(name),
    wasEndpointAccessed: (endpoint) => endpoints(endpoint).length > 0,
    wasEndpointAccessedWith: (endpoint, method) => endpoints(endpoint).some((known) => known.methods.includes(method)),
    hasEndpointWithPrefix: (prefix) => spec.endpoints.some((known) => known.endpoint.startsWith(prefix)),
    hasEndpointWithSuffix: (suffix) => spec.endpoints.some((known) => known.endpoint.endsWith(suffix)),
    someEndpoint: (matches) => spec.endpoints.some((known) => matches(known.endpoint)),
    hasAddress: (direction, address) => spec[direction].some((peer) => peer.ipAddress === address),
    hasAddressPort: (direction, address, port, protocol) =>
      spec[direction].some(
        (peer) =>
          peer.ipAddress === address && peer.ports.some((one) => one.port === port && one.protocol === protocol),
      ),
    hasPeers: (direction) => spec[direction].some((peer) => peer.podSelector !== null),
    hasPeer: (direction, peer) => spec[direction].some((known) => isSelected(known, peer)),
    hasPeerPort: (direction, peer, port, protocol) =>
      spec[direction].some(
        (known) => isSelected(known, peer) && known.ports.some((one) => one.port === port && one.protocol === protocol),
      ),
    hasDomain: (direction, domain) =>
      spec[direction].some(
        (peer) =>
          (direction === "egress" && plain(peer.dns) === plain(domain)) ||
          peer.dnsNames.some((name) => plain(name) === plain(domain)),
      ),
    policyOf: (ruleId) => (Object.hasOwn(spec.rulePolicies, ruleId) ? spec.rulePolicies[ruleId] : undefined),
  };
}

/** Equal labels alone, and the name of the namespace. */
function isSelected({ podSelector, namespaceSelector }: NetworkNeighbor, peer: NetworkPeer): boolean {
  const namespace = namespaceSelector?.matchLabels["kubernetes.io/metadata.name"] ?? peer.ownNamespace;
  const labels = Object.entries(podSelector?.matchLabels ?? { none: "none" });
  return namespace === peer.namespace && labels.every(([key, value]) => peer.labels[key] === value);
}
