import type { CelFunctions } from "@kinglet/policy-engine";
import type { HttpEndpoint, NetworkNeighbor } from "@kinglet/profile";

import { matchesDynamicPath } from "./matches-dynamic-path.ts";
import type { ProfileLookup } from "./detector.ts";

const noEndpoints: readonly HttpEndpoint[] = [];
const noNeighbors: readonly NetworkNeighbor[] = [];

/**
 * The functions `ap.*` and `nn.*` over the profiles of containers. No profile: every answer is false.
 *
 * - Executions: exact equality of the path. The exemptions for commands and hooks of the pod's spec need that spec: pass
 *   `isExemptExec`, and both `was_executed` functions answer true where it does.
 * - Opened paths and endpoints: `\u22ef` in the profile stands for exactly one segment; prefix and suffix functions compare
 *   the text as recorded, and an empty prefix or suffix is always true.
 * - Addresses: equality with `ipAddress`; domains: as recorded, trailing dot included.
 *
 * Cost: `was_executed` O(1), the others linear in the surface asked; no function allocates when it answers.
 *
 * @param profiles - finds the profile of a container.
 * @see node-agent `pkg/rulemanager/cel/libraries` as of its change 788.
 * @public
 */
export function createProfileFunctions(
  profiles: ProfileLookup,
  options: { readonly isExemptExec?: (containerId: string, path: string) => boolean } = {},
): CelFunctions {
  const { isExemptExec } = options;
  const specOf = (containerId: string) => profiles.get(containerId)?.profile.spec;
  const endpointsOf = (containerId: string): readonly HttpEndpoint[] => specOf(containerId)?.endpoints ?? noEndpoints;
  const egressOf = (containerId: string): readonly NetworkNeighbor[] => specOf(containerId)?.egress ?? noNeighbors;
  const ingressOf = (containerId: string): readonly NetworkNeighbor[] => specOf(containerId)?.ingress ?? noNeighbors;
  return {
    "ap.was_executed": (containerId, path) => {
      const profile = profiles.get(containerId);
      if (profile === undefined) return false;
      return profile.execPaths.has(path) || isExemptExec?.(containerId, path) === true;
    },
    "ap.was_executed_with_args": (containerId, path, args) => {
      const spec = specOf(containerId);
      if (spec === undefined) return false;
      if (isExemptExec?.(containerId, path) === true) return true;
      return spec.execs.some((exec) => exec.path === path && sameList(exec.args, args));
    },
    "ap.was_path_opened": (containerId, path) =>
      specOf(containerId)?.opens.some((open) => matchesDynamicPath(open.path, path)) ?? false,
    "ap.was_path_opened_with_flags": (containerId, path, flags) =>
      specOf(containerId)?.opens.some(
        (open) => matchesDynamicPath(open.path, path) && flags.every((flag) => open.flags.includes(flag)),
      ) ?? false,
    "ap.was_path_opened_with_suffix": (containerId, suffix) => {
      const spec = specOf(containerId);
      return spec !== undefined && (suffix === "" || spec.opens.some((open) => open.path.endsWith(suffix)));
    },
    "ap.was_path_opened_with_prefix": (containerId, prefix) => {
      const spec = specOf(containerId);
      return spec !== undefined && (prefix === "" || spec.opens.some((open) => open.path.startsWith(prefix)));
    },
    "ap.was_syscall_used": (containerId, name) => specOf(containerId)?.syscalls.includes(name) ?? false,
    "ap.was_capability_used": (containerId, name) => specOf(containerId)?.capabilities.includes(name) ?? false,
    "ap.was_endpoint_accessed": (containerId, endpoint) =>
      endpointsOf(containerId).some((known) => matchesDynamicPath(known.endpoint, endpoint)),
    "ap.was_endpoint_accessed_with_method": (containerId, endpoint, method) =>
      endpointsOf(containerId).some(
        (known) => matchesDynamicPath(known.endpoint, endpoint) && known.methods.includes(method),
      ),
    "ap.was_endpoint_accessed_with_methods": (containerId, endpoint, methods) =>
      endpointsOf(containerId).some(
        (known) =>
          matchesDynamicPath(known.endpoint, endpoint) && methods.some((method) => known.methods.includes(method)),
      ),
    "ap.was_endpoint_accessed_with_prefix": (containerId, prefix) =>
      endpointsOf(containerId).some((known) => known.endpoint.startsWith(prefix)),
    "ap.was_endpoint_accessed_with_suffix": (containerId, suffix) =>
      endpointsOf(containerId).some((known) => known.endpoint.endsWith(suffix)),
    "ap.was_host_accessed": (containerId, host) =>
      endpointsOf(containerId).some((known) => isHostOf(known.endpoint, host)),
    "nn.was_address_in_egress": (containerId, address) =>
      egressOf(containerId).some((neighbor) => neighbor.ipAddress === address),
    "nn.was_address_in_ingress": (containerId, address) =>
      ingressOf(containerId).some((neighbor) => neighbor.ipAddress === address),
    "nn.is_domain_in_egress": (containerId, domain) =>
      egressOf(containerId).some((neighbor) => neighbor.dns === domain || neighbor.dnsNames.includes(domain)),
    "nn.is_domain_in_ingress": (containerId, domain) =>
      ingressOf(containerId).some((neighbor) => neighbor.dnsNames.includes(domain)),
    "nn.was_address_port_protocol_in_egress": (containerId, address, port, protocol) =>
      egressOf(containerId).some((neighbor) => hasPort(neighbor, address, port, protocol)),
    "nn.was_address_port_protocol_in_ingress": (containerId, address, port, protocol) =>
      ingressOf(containerId).some((neighbor) => hasPort(neighbor, address, port, protocol)),
  };
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((element, index) => element === right[index]);
}

/** The host of a recorded URL, or one whole token of the endpoint: `api` is not part of `/v1/apiserver`. */
function isHostOf(endpoint: string, host: string): boolean {
  if (host === "") return false;
  for (let at = endpoint.indexOf(host); at !== -1; at = endpoint.indexOf(host, at + 1)) {
    if (isHostBoundary(endpoint[at - 1]) && isHostBoundary(endpoint[at + host.length])) {
      // A token below the first slash of the path is a path segment, not a host.
      const before = endpoint.slice(0, at);
      const path = before.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
      if (!path.includes("/")) return true;
    }
  }
  return false;
}

function isHostBoundary(character: string | undefined): boolean {
  return character === undefined || !/[A-Za-z0-9._-]/.test(character);
}

/** A port without a number (any port) matches nothing: the profile does not say that it was this one. */
function hasPort(neighbor: NetworkNeighbor, address: string, port: bigint, protocol: string): boolean {
  if (neighbor.ipAddress !== address || port < 0n || port > 65_535n) return false;
  const number = Number(port);
  return neighbor.ports.some((known) => known.port === number && known.protocol === protocol);
}
