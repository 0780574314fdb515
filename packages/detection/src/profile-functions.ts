import type { ExecEvent } from "@kinglet/enrichment";
import type { CelFunctions } from "@kinglet/policy-engine";
import { ANY_ARGUMENT, ANY_ARGUMENTS } from "@kinglet/profile/matching";

import { ArgumentsText, extentOfText, type ToldExecution } from "./arguments-text.ts";
import { isSameProgram, wasExecutedWith } from "./program-name.ts";
import type {
  NetworkPeer,
  PeerLookup,
  ProfileAnswers,
  ProfileLookup,
  ProfileView,
  TrafficDirection,
} from "./detector.ts";
import { ResultCache, type CachedQuestion } from "./result-cache.ts";

/** What {@link createProfileFunctions} may be given. @public */
export interface ProfileFunctionOptions {
  /** The execution that a list of arguments stands for which nobody can tell apart; undefined for a list that is what it looks like. */
  readonly executionOf?: (
    args: readonly string[],
  ) => Pick<ExecEvent, "source" | "binary" | "args" | "flags" | "isTruncated"> | undefined;
  /** Executions that the container's specification asks for; both `was_executed` functions answer true where it does. */
  readonly isExemptExec?: (containerId: string, path: string) => boolean;
  /** Whose address it is. @defaultValue neighbours that are told by labels match no address */
  readonly peers?: PeerLookup;
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
 * ask for the path alone; a port outside 0 … 65,535 is in no profile; a host is a whole token, never a part of one. The program's own name is known to
 * some sources only: the path in its place and the file's name fit each other. Arguments that nobody can tell apart are held as text against what the
 * entries of the path would give. An address is in the
 * profile when it is listed, or when the pod or service that has it is selected by the labels of a neighbour.
 *
 * Cost: that of the profile's answer; prefixes, suffixes and hosts are asked once per profile and argument.
 *
 * @param profiles - finds the profile of a container.
 * @see node-agent `pkg/rulemanager/cel/libraries`.
 * @public
 */
export function createProfileFunctions(profiles: ProfileLookup, options: ProfileFunctionOptions = {}): CelFunctions {
  const { executionOf, isExemptExec, peers } = options;
  const cache = new ResultCache(options.maxCachedResults ?? 1000);
  const contentOf = (containerId: string): ProfileAnswers | undefined => profiles.get(containerId)?.content;
  const ask = (containerId: string, question: CachedQuestion, argument: string): boolean => {
    const content = contentOf(containerId);
    return content !== undefined && cache.ask(content, question, argument);
  };
  const peerOf = (profile: ProfileView, direction: TrafficDirection, address: string): NetworkPeer | undefined => {
    if (peers === undefined || !profile.content.hasPeers(direction)) return undefined;
    const peer = peers.peerOf(address);
    return peer === undefined ? undefined : { ...peer, ownNamespace: profile.namespace };
  };
  const hasAddress = (containerId: string, direction: TrafficDirection, address: string): boolean => {
    const profile = profiles.get(containerId);
    if (profile === undefined) return false;
    if (profile.content.hasAddress(direction, address)) return true;
    const peer = peerOf(profile, direction, address);
    return peer !== undefined && profile.content.hasPeer(direction, peer);
  };
  const hasAddressPort = (
    containerId: string,
    direction: TrafficDirection,
    { address, port, protocol }: Endpoint,
  ): boolean => {
    const profile = isPort(port) ? profiles.get(containerId) : undefined;
    if (profile === undefined) return false;
    if (profile.content.hasAddressPort(direction, address, port, protocol)) return true;
    const peer = peerOf(profile, direction, address);
    return peer !== undefined && profile.content.hasPeerPort(direction, peer, port, protocol);
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
      if (isExemptExec?.(containerId, path) === true) return true;
      const execution = executionOf?.(args);
      return execution === undefined ? wasExecutedWith(content, path, args) : mayHaveExecuted(content, path, execution);
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
    "cp.was_address_in_egress": (containerId, address) => hasAddress(containerId, "egress", address),
    "cp.was_address_in_ingress": (containerId, address) => hasAddress(containerId, "ingress", address),
    "cp.is_domain_in_egress": (containerId, domain) => contentOf(containerId)?.hasDomain("egress", domain) ?? false,
    "cp.is_domain_in_ingress": (containerId, domain) => contentOf(containerId)?.hasDomain("ingress", domain) ?? false,
    "cp.was_address_port_protocol_in_egress": (containerId, address, port, protocol) =>
      hasAddressPort(containerId, "egress", { address, port, protocol }),
    "cp.was_address_port_protocol_in_ingress": (containerId, address, port, protocol) =>
      hasAddressPort(containerId, "ingress", { address, port, protocol }),
  };
}

/** Whether an entry of the path may have been executed, as far as the one text of its arguments says. */
function mayHaveExecuted(content: ProfileAnswers, path: string, execution: ToldExecution): boolean {
  const text = new ArgumentsText(execution.args, extentOfText(execution) === "beginning");
  return content.someExecution(path, (args) => {
    const [program = ANY_ARGUMENTS, ...others] = args;
    if (program === ANY_ARGUMENTS) return text.mayBe(args);
    // The cut text of Linux audit is without it, whatever it was.
    const isAny = program === ANY_ARGUMENT || execution.source !== "tetragon";
    return (isAny || isSameProgram(program, execution.binary, path)) && text.mayBe(others);
  });
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

function isPort(port: number): boolean {
  return port >= 0 && port <= 65_535;
}
