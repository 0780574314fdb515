/** Asked once per event and rule; budget: no allocation for what the profile lists literally. */
import { CallStackIndex } from "@kinglet/profile/matching";
import type { CallStackNode, IdentifiedCallStack, RulePolicy } from "@kinglet/profile";

import { hasPort, type KnownPort } from "./known-port.ts";
import type { NetworkPeer } from "./network-peer.ts";
import type { PackedSet, PackedStrings } from "./packed-strings.ts";
import type { ProfilePatterns } from "./profile-patterns.ts";
import type { TrafficDirection } from "./traffic-direction.ts";

const SLASH = 47;

/** What one direction of traffic holds. @internal */
export interface PackedTraffic {
  /** IPv4 addresses as text. Value: index into `ports`. */
  readonly addresses: PackedSet;
  /** Lower case, without the trailing dot. */
  readonly domains: PackedSet;
}

/** The packed form that a {@link ProfileContent} answers from. @internal */
export interface PackedProfile {
  readonly strings: PackedStrings;
  /** Value 1: any arguments. */
  readonly execs: PackedSet;
  /** Path and arguments. */
  readonly commands: PackedSet;
  /** Value: index into `details`. */
  readonly opens: PackedSet;
  /** Value: index into `details`. */
  readonly endpoints: PackedSet;
  readonly syscalls: PackedSet;
  readonly capabilities: PackedSet;
  readonly ingress: PackedTraffic;
  readonly egress: PackedTraffic;
  /** Lists of flags or methods, one list per entry that was recorded for the string. */
  readonly details: readonly (readonly (readonly string[])[])[];
  /** Lists of `PROTOCOL/port`, one per neighbour that was recorded for the address. */
  readonly ports: readonly (readonly (readonly KnownPort[])[])[];
  /** Wildcards and whatever else is not a plain string; undefined when there is nothing of the kind. */
  readonly patterns: ProfilePatterns | undefined;
  readonly policies: Readonly<Record<string, RulePolicy>> | undefined;
  readonly callStacks: readonly IdentifiedCallStack[];
}

/**
 * What a profile allows, in the form that rules ask: immutable, and one object for all profiles with the same content.
 *
 * A question about something that no loaded rule declared (see `ProjectionSpec`) is answered with false; the cache shows no content that
 * lacks what a loaded rule declared.
 *
 * Cost: literal look-ups hash the text asked for (about 1 ns per character, Node 26.10) and allocate nothing; prefixes and suffixes
 * are linear in the surface; wildcards are tried when no literal fits.
 *
 * @public
 */
export class ProfileContent {
  /** Content hash of the whole profile, see `checksum` of `@kinglet/profile`. */
  readonly checksum: string;
  /** `hash` of the projection that the content was made with. */
  readonly projectionHash: string;
  /** About how much memory it keeps, bytes. */
  readonly bytes: number;
  readonly #packed: PackedProfile;
  #callStackIndex: CallStackIndex | undefined = undefined;

  /** @internal */
  constructor(checksum: string, projectionHash: string, packed: PackedProfile) {
    this.checksum = checksum;
    this.projectionHash = projectionHash;
    this.#packed = packed;
    this.bytes =
      1_600 +
      packed.strings.bytes +
      (packed.details.length + packed.ports.length) * 120 +
      (packed.patterns?.size ?? 0) * 160;
  }

  /** What the answers come from. @internal */
  get packed(): PackedProfile {
    return this.#packed;
  }

  /** True when some recorded execution has this path. */
  wasExecuted(path: string): boolean {
    const { strings, execs, patterns } = this.#packed;
    return strings.find(execs, path, pathLength(path)) >= 0 || patterns?.matchesExec(path) === true;
  }

  /** ... and these arguments, element by element; a recorded execution without arguments allows any, unless it says otherwise. */
  wasExecutedWith(path: string, args: readonly string[]): boolean {
    const { strings, execs, commands, patterns } = this.#packed;
    const entry = strings.find(execs, path, pathLength(path));
    if (entry >= 0) {
      if (strings.valueOf(execs, entry) === 1) return true;
      if (strings.findParts(commands, path, args) >= 0) return true;
    }
    return patterns?.matchesCommand(path, args) === true;
  }

  /**
   * True when a recorded execution of this path allows any arguments, or `accepts` is true of its arguments as recorded, wildcards included: for
   * a caller that does not know the arguments of what it asks about. Linear in the recorded executions, and allocates the arguments.
   */
  someExecution(path: string, accepts: (args: readonly string[]) => boolean): boolean {
    const { strings, execs, commands, patterns } = this.#packed;
    const length = pathLength(path);
    const entry = strings.find(execs, path, length);
    if (entry >= 0) {
      if (strings.valueOf(execs, entry) === 1) return true;
      if (strings.someParts(commands, path, path.length, accepts)) return true;
    }
    return patterns?.someCommand(path, accepts) === true;
  }

  /** True when the path was opened. */
  wasOpened(path: string): boolean {
    const { strings, opens, patterns } = this.#packed;
    return strings.find(opens, path, pathLength(path)) >= 0 || patterns?.opens.matches(path) === true;
  }

  /** ... in one go with every one of these flags. */
  wasOpenedWith(path: string, flags: readonly string[]): boolean {
    const { strings, opens, details, patterns } = this.#packed;
    const entry = strings.find(opens, path, pathLength(path));
    if (entry >= 0) {
      const lists = details[strings.valueOf(opens, entry)]!; // Stored with the entry.
      for (let index = 0; index < lists.length; index += 1) if (includesAll(lists[index]!, flags)) return true;
    }
    return patterns?.matchesOpenWith(path, flags) === true;
  }

  hasOpenWithPrefix(prefix: string): boolean {
    const { strings, opens, patterns } = this.#packed;
    return prefix === "" || strings.hasPrefix(opens, prefix) || patterns?.opens.hasText(prefix, "") === true;
  }

  hasOpenWithSuffix(suffix: string): boolean {
    const { strings, opens, patterns } = this.#packed;
    return suffix === "" || strings.hasSuffix(opens, suffix) || patterns?.opens.hasText("", suffix) === true;
  }

  usesSyscall(name: string): boolean {
    return this.#packed.strings.find(this.#packed.syscalls, name, name.length) >= 0;
  }

  usesCapability(name: string): boolean {
    return this.#packed.strings.find(this.#packed.capabilities, name, name.length) >= 0;
  }

  /** @param endpoint - as recorded, e.g. `:80/users`. */
  wasEndpointAccessed(endpoint: string): boolean {
    const { strings, endpoints, patterns } = this.#packed;
    return (
      strings.find(endpoints, endpoint, pathLength(endpoint)) >= 0 || patterns?.endpoints.matches(endpoint) === true
    );
  }

  /** ... with this method. */
  wasEndpointAccessedWith(endpoint: string, method: string): boolean {
    const { strings, endpoints, details, patterns } = this.#packed;
    const entry = strings.find(endpoints, endpoint, pathLength(endpoint));
    if (entry >= 0) {
      const lists = details[strings.valueOf(endpoints, entry)]!; // Stored with the entry.
      for (let index = 0; index < lists.length; index += 1) if (lists[index]!.includes(method)) return true;
    }
    return patterns?.matchesEndpointWith(endpoint, method) === true;
  }

  hasEndpointWithPrefix(prefix: string): boolean {
    const { strings, endpoints, patterns } = this.#packed;
    return strings.hasPrefix(endpoints, prefix) || patterns?.endpoints.hasText(prefix, "") === true;
  }

  hasEndpointWithSuffix(suffix: string): boolean {
    const { strings, endpoints, patterns } = this.#packed;
    return strings.hasSuffix(endpoints, suffix) || patterns?.endpoints.hasText("", suffix) === true;
  }

  /** True when `matches` is true of the text of some endpoint; allocates a string per endpoint. */
  someEndpoint(matches: (endpoint: string) => boolean): boolean {
    const { strings, endpoints, patterns } = this.#packed;
    for (let entry = 0; entry < endpoints.count; entry += 1) {
      if (matches(strings.textOf(endpoints, entry))) return true;
    }
    return patterns?.endpoints.entries.some(matches) === true;
  }

  /** True for an address that was seen, or that lies in a recorded block. */
  hasAddress(direction: TrafficDirection, address: string): boolean {
    const { strings, patterns } = this.#packed;
    return (
      strings.find(this.#packed[direction].addresses, address, address.length) >= 0 ||
      patterns?.[direction].addresses.matches(address) === true
    );
  }

  /** @param port - 0 … 65,535; a recorded port without a number matches none. */
  hasAddressPort(direction: TrafficDirection, address: string, port: number, protocol: string): boolean {
    const { strings, ports, patterns } = this.#packed;
    const { addresses } = this.#packed[direction];
    const entry = strings.find(addresses, address, address.length);
    if (entry >= 0) {
      const lists = ports[strings.valueOf(addresses, entry)]!; // Stored with the entry.
      for (let index = 0; index < lists.length; index += 1) if (hasPort(lists[index]!, port, protocol)) return true;
    }
    return patterns?.matchesAddressPort(direction, address, port, protocol) === true;
  }

  /** True when some neighbour is told by labels: whose address it is can make a difference. */
  hasPeers(direction: TrafficDirection): boolean {
    return (this.#packed.patterns?.[direction].peers.length ?? 0) > 0;
  }

  /**
   * True when the labels of some neighbour select this pod or service, as in a NetworkPolicy: without a selector of namespaces those of the
   * container's own. Cost: linear in the neighbours with labels.
   */
  hasPeer(direction: TrafficDirection, peer: NetworkPeer): boolean {
    return this.#packed.patterns?.[direction].matchesPeer(peer) === true;
  }

  /** As {@link ProfileContent.hasPeer}, of a neighbour with this port. @param port - 0 … 65,535 */
  hasPeerPort(direction: TrafficDirection, peer: NetworkPeer, port: number, protocol: string): boolean {
    return this.#packed.patterns?.[direction].matchesPeer(peer, port, protocol) === true;
  }

  /** Upper and lower case are the same, and so is a trailing dot. */
  hasDomain(direction: TrafficDirection, domain: string): boolean {
    const { strings, patterns } = this.#packed;
    const lower = domain.toLowerCase();
    const length = lower.endsWith(".") ? lower.length - 1 : lower.length;
    return (
      strings.find(this.#packed[direction].domains, lower, length) >= 0 ||
      patterns?.[direction].matchesDomain(domain) === true
    );
  }

  /** What the profile allows the rule beyond its content. */
  policyOf(ruleId: string): RulePolicy | undefined {
    const { policies } = this.#packed;
    return policies !== undefined && Object.hasOwn(policies, ruleId) ? policies[ruleId] : undefined;
  }

  /** Allowed call stacks as recorded. */
  get callStacks(): readonly IdentifiedCallStack[] {
    return this.#packed.callStacks;
  }

  /** Finds the allowed call stacks by their id; built at the first use. */
  get callStackIndex(): CallStackIndex {
    return (this.#callStackIndex ??= new CallStackIndex(this.#packed.callStacks));
  }

  /** How many literal entries each surface keeps, for people. */
  counts(): Readonly<Record<string, number>> {
    const { execs, opens, endpoints, syscalls, capabilities, ingress, egress } = this.#packed;
    return {
      execs: execs.count,
      opens: opens.count,
      endpoints: endpoints.count,
      syscalls: syscalls.count,
      capabilities: capabilities.count,
      ingressAddresses: ingress.addresses.count,
      ingressDomains: ingress.domains.count,
      egressAddresses: egress.addresses.count,
      egressDomains: egress.domains.count,
    };
  }

  /** Freezes the lists that can be reached from outside; for tests. */
  freeze(): this {
    for (const lists of this.#packed.details) {
      for (const list of lists) Object.freeze(list);
      Object.freeze(lists);
    }
    for (const lists of this.#packed.ports) {
      for (const list of lists) for (const port of list) Object.freeze(port);
    }
    for (const policy of Object.values(this.#packed.policies ?? {})) {
      Object.freeze(policy.processAllowed);
      Object.freeze(policy);
    }
    for (const stack of this.#packed.callStacks) freezeNode(stack.callStack.root);
    Object.freeze(this.#packed.callStacks);
    return Object.freeze(this);
  }
}

/** Slashes at the end do not count. */
function pathLength(path: string): number {
  let length = path.length;
  while (length > 1 && path.charCodeAt(length - 1) === SLASH) length -= 1;
  return length;
}

function includesAll(list: readonly string[], wanted: readonly string[]): boolean {
  for (let index = 0; index < wanted.length; index += 1) if (!list.includes(wanted[index]!)) return false;
  return true;
}

function freezeNode(node: CallStackNode): void {
  Object.freeze(node.frame);
  for (const child of node.children) freezeNode(child);
  Object.freeze(node);
}
