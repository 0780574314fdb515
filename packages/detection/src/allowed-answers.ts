import { AddressMatcher, DnsMatcher, ExecArgumentsMatcher, PathMatcher } from "@kinglet/profile/matching";

import type { AlertAllowance } from "./alert.ts";
import type { ProfileAnswers, TrafficDirection } from "./detector.ts";

/** The entry that an alert names, as a profile has it. */
interface AllowedEntry {
  readonly path?: string;
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly ipAddress?: string;
  readonly dnsNames?: readonly string[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}

/**
 * What a profile answers when it has one entry more.
 *
 * @param before - undefined: there is none, and it answers false.
 * @internal
 */
export function withAllowance(before: ProfileAnswers | undefined, { path, entry }: AlertAllowance): ProfileAnswers {
  const object: AllowedEntry = typeof entry === "object" && entry !== null ? entry : {};
  const name = typeof entry === "string" ? entry : "";
  const isOpen = path === "spec.opens";
  const execs = new ExecArgumentsMatcher(
    path === "spec.execs" ? [{ path: object.path ?? "", args: object.args ?? [], argsRequired: false }] : [],
  );
  const opens = new PathMatcher(isOpen ? [object.path ?? ""] : []);
  const { flags: opened = [], ports = [] } = object;
  const addresses = new AddressMatcher(object.ipAddress === undefined ? [] : [object.ipAddress]);
  const domains = new DnsMatcher(object.dnsNames ?? []);
  const hasAddress = (direction: TrafficDirection, address: string): boolean =>
    path === `spec.${direction}` && addresses.matches(address);
  return {
    wasExecuted: (of) => before?.wasExecuted(of) === true || execs.matchesPath(of),
    wasExecutedWith: (of, args) => before?.wasExecutedWith(of, args) === true || execs.matches(of, args),
    someExecution: (of, accepts) => before?.someExecution(of, accepts) === true || execs.someEntry(of, accepts),
    wasOpened: (of) => before?.wasOpened(of) === true || opens.matches(of),
    wasOpenedWith: (of, flags) =>
      before?.wasOpenedWith(of, flags) === true || (opens.matches(of) && flags.every((flag) => opened.includes(flag))),
    hasOpenWithPrefix: (prefix) =>
      before?.hasOpenWithPrefix(prefix) === true || (isOpen && object.path?.startsWith(prefix) === true),
    hasOpenWithSuffix: (suffix) =>
      before?.hasOpenWithSuffix(suffix) === true || (isOpen && object.path?.endsWith(suffix) === true),
    usesSyscall: (of) => before?.usesSyscall(of) === true || (path === "spec.syscalls" && of === name),
    usesCapability: (of) => before?.usesCapability(of) === true || (path === "spec.capabilities" && of === name),
    wasEndpointAccessed: (endpoint) => before?.wasEndpointAccessed(endpoint) === true,
    wasEndpointAccessedWith: (endpoint, method) => before?.wasEndpointAccessedWith(endpoint, method) === true,
    hasEndpointWithPrefix: (prefix) => before?.hasEndpointWithPrefix(prefix) === true,
    hasEndpointWithSuffix: (suffix) => before?.hasEndpointWithSuffix(suffix) === true,
    someEndpoint: (matches) => before?.someEndpoint(matches) === true,
    hasAddress: (direction, address) =>
      before?.hasAddress(direction, address) === true || hasAddress(direction, address),
    hasAddressPort: (direction, address, port, protocol) =>
      before?.hasAddressPort(direction, address, port, protocol) === true ||
      (hasAddress(direction, address) && ports.some((one) => one.port === port && one.protocol === protocol)),
    hasPeers: (direction) => before?.hasPeers(direction) === true,
    hasPeer: (direction, peer) => before?.hasPeer(direction, peer) === true,
    hasPeerPort: (direction, peer, port, protocol) => before?.hasPeerPort(direction, peer, port, protocol) === true,
    hasDomain: (direction, domain) =>
      before?.hasDomain(direction, domain) === true || (path === `spec.${direction}` && domains.matches(domain)),
    policyOf: (ruleId) => before?.policyOf(ruleId),
  };
}
