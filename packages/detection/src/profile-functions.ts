import type { CelFunctions } from "@kinglet/policy-engine";

import type { ProfileAnswers, ProfileLookup } from "./detector.ts";

/**
 * The functions `ap.*` and `nn.*` over the profiles of containers. No profile: every answer is false.
 *
 * What the answers mean — wildcards, flags, methods, ports — is the profile's affair, see {@link ProfileAnswers}. Here: the exemptions
 * for commands and hooks of the pod's spec need that spec: pass `isExemptExec`, and both `was_executed` functions answer true where it
 * does; flags that are empty ask for the path alone; a port outside 0 … 65,535 is in no profile.
 *
 * Cost: that of the profile's answer; the host function is linear in the endpoints.
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
  const contentOf = (containerId: string): ProfileAnswers | undefined => profiles.get(containerId)?.content;
  return {
    "ap.was_executed": (containerId, path) => {
      const content = contentOf(containerId);
      if (content === undefined) return false;
      return content.wasExecuted(path) || isExemptExec?.(containerId, path) === true;
    },
    "ap.was_executed_with_args": (containerId, path, args) => {
      const content = contentOf(containerId);
      if (content === undefined) return false;
      return isExemptExec?.(containerId, path) === true || content.wasExecutedWith(path, args);
    },
    "ap.was_path_opened": (containerId, path) => contentOf(containerId)?.wasOpened(path) ?? false,
    "ap.was_path_opened_with_flags": (containerId, path, flags) =>
      contentOf(containerId)?.wasOpenedWith(path, flags) ?? false,
    "ap.was_path_opened_with_suffix": (containerId, suffix) =>
      contentOf(containerId)?.hasOpenWithSuffix(suffix) ?? false,
    "ap.was_path_opened_with_prefix": (containerId, prefix) =>
      contentOf(containerId)?.hasOpenWithPrefix(prefix) ?? false,
    "ap.was_syscall_used": (containerId, name) => contentOf(containerId)?.usesSyscall(name) ?? false,
    "ap.was_capability_used": (containerId, name) => contentOf(containerId)?.usesCapability(name) ?? false,
    "ap.was_endpoint_accessed": (containerId, endpoint) =>
      contentOf(containerId)?.wasEndpointAccessed(endpoint) ?? false,
    "ap.was_endpoint_accessed_with_method": (containerId, endpoint, method) =>
      contentOf(containerId)?.wasEndpointAccessedWith(endpoint, method) ?? false,
    "ap.was_endpoint_accessed_with_methods": (containerId, endpoint, methods) => {
      const content = contentOf(containerId);
      return content !== undefined && methods.some((method) => content.wasEndpointAccessedWith(endpoint, method));
    },
    "ap.was_endpoint_accessed_with_prefix": (containerId, prefix) =>
      contentOf(containerId)?.hasEndpointWithPrefix(prefix) ?? false,
    "ap.was_endpoint_accessed_with_suffix": (containerId, suffix) =>
      contentOf(containerId)?.hasEndpointWithSuffix(suffix) ?? false,
    "ap.was_host_accessed": (containerId, host) =>
      contentOf(containerId)?.someEndpoint((endpoint) => isHostOf(endpoint, host)) ?? false,
    "nn.was_address_in_egress": (containerId, address) =>
      contentOf(containerId)?.hasAddress("egress", address) ?? false,
    "nn.was_address_in_ingress": (containerId, address) =>
      contentOf(containerId)?.hasAddress("ingress", address) ?? false,
    "nn.is_domain_in_egress": (containerId, domain) => contentOf(containerId)?.hasDomain("egress", domain) ?? false,
    "nn.is_domain_in_ingress": (containerId, domain) => contentOf(containerId)?.hasDomain("ingress", domain) ?? false,
    "nn.was_address_port_protocol_in_egress": (containerId, address, port, protocol) =>
      isPort(port) && (contentOf(containerId)?.hasAddressPort("egress", address, Number(port), protocol) ?? false),
    "nn.was_address_port_protocol_in_ingress": (containerId, address, port, protocol) =>
      isPort(port) && (contentOf(containerId)?.hasAddressPort("ingress", address, Number(port), protocol) ?? false),
  };
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

function isPort(port: bigint): boolean {
  return port >= 0n && port <= 65_535n;
}
