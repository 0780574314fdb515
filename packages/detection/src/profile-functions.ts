import type { CelFunctions } from "@kinglet/policy-engine";

import type { ProfileAnswers, ProfileLookup } from "./detector.ts";
import { ResultCache, type CachedQuestion } from "./result-cache.ts";

/** What {@link createProfileFunctions} may be given. @public */
export interface ProfileFunctionOptions {
  /** Executions that the container's specification asks for; both `was_executed` functions answer true where it does. */
  readonly isExemptExec?: (containerId: string, path: string) => boolean;
  /**
   * Answers kept of questions that are linear in the profile.
   *
   * @defaultValue 1000
   */
  readonly maxCachedResults?: number;
}

/**
 * The functions `cp.*` over the profiles of containers. No profile: every answer is false.
 *
 * What the answers mean — wildcards, flags, methods, ports — is the profile's affair, see {@link ProfileAnswers}. Here: flags that are empty
 * ask for the path alone; a port outside 0 … 65,535 is in no profile; a host is a whole token, never a part of one.
 *
 * Cost: that of the profile's answer; prefixes, suffixes and hosts are asked once per profile and argument.
 *
 * @param profiles - finds the profile of a container.
 * @see node-agent `pkg/rulemanager/cel/libraries`.
 * @public
 */
export function createProfileFunctions(profiles: ProfileLookup, options: ProfileFunctionOptions = {}): CelFunctions {
  const { isExemptExec } = options;
  const cache = new ResultCache(options.maxCachedResults ?? 1000);
  const contentOf = (containerId: string): ProfileAnswers | undefined => profiles.get(containerId)?.content;
  const ask = (containerId: string, question: CachedQuestion, argument: string): boolean => {
    const content = contentOf(containerId);
    return content !== undefined && cache.ask(content, question, argument);
  };
  return {
    "cp.was_executed": (containerId, path) => {
      const content = contentOf(containerId);
      if (content === undefined) return false;
      // The exemption is asked first: it also notes that the container is being stopped.
      return isExemptExec?.(containerId, path) === true || content.wasExecuted(path);
    },
    "cp.was_executed_with_args": (containerId, path, args) => {
      const content = contentOf(containerId);
      if (content === undefined) return false;
      return isExemptExec?.(containerId, path) === true || content.wasExecutedWith(path, args);
    },
    "cp.was_path_opened": (containerId, path) => contentOf(containerId)?.wasOpened(path) ?? false,
    "cp.was_path_opened_with_flags": (containerId, path, flags) =>
      contentOf(containerId)?.wasOpenedWith(path, flags) ?? false,
    "cp.was_path_opened_with_suffix": (containerId, suffix) => ask(containerId, "open-suffix", suffix),
    "cp.was_path_opened_with_prefix": (containerId, prefix) => ask(containerId, "open-prefix", prefix),
    "cp.was_syscall_used": (containerId, name) => contentOf(containerId)?.usesSyscall(name) ?? false,
    "cp.was_capability_used": (containerId, name) => contentOf(containerId)?.usesCapability(name) ?? false,
    "cp.was_endpoint_accessed": (containerId, endpoint) =>
      contentOf(containerId)?.wasEndpointAccessed(endpoint) ?? false,
    "cp.was_endpoint_accessed_with_method": (containerId, endpoint, method) =>
      contentOf(containerId)?.wasEndpointAccessedWith(endpoint, method) ?? false,
    "cp.was_endpoint_accessed_with_methods": (containerId, endpoint, methods) => {
      const content = contentOf(containerId);
      return content !== undefined && methods.some((method) => content.wasEndpointAccessedWith(endpoint, method));
    },
    "cp.was_endpoint_accessed_with_prefix": (containerId, prefix) => ask(containerId, "endpoint-prefix", prefix),
    "cp.was_endpoint_accessed_with_suffix": (containerId, suffix) => ask(containerId, "endpoint-suffix", suffix),
    "cp.was_host_accessed": (containerId, host) => ask(containerId, "host", host),
    "cp.was_address_in_egress": (containerId, address) =>
      contentOf(containerId)?.hasAddress("egress", address) ?? false,
    "cp.was_address_in_ingress": (containerId, address) =>
      contentOf(containerId)?.hasAddress("ingress", address) ?? false,
    "cp.is_domain_in_egress": (containerId, domain) => contentOf(containerId)?.hasDomain("egress", domain) ?? false,
    "cp.is_domain_in_ingress": (containerId, domain) => contentOf(containerId)?.hasDomain("ingress", domain) ?? false,
    "cp.was_address_port_protocol_in_egress": (containerId, address, port, protocol) =>
      isPort(port) && (contentOf(containerId)?.hasAddressPort("egress", address, port, protocol) ?? false),
    "cp.was_address_port_protocol_in_ingress": (containerId, address, port, protocol) =>
      isPort(port) && (contentOf(containerId)?.hasAddressPort("ingress", address, port, protocol) ?? false),
  };
}

function isPort(port: number): boolean {
  return port >= 0 && port <= 65_535;
}
