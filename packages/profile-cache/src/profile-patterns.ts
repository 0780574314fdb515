import {
  AddressMatcher,
  DnsMatcher,
  EndpointMatcher,
  ExecArgumentsMatcher,
  matchesLabels,
  PathMatcher,
} from "@kinglet/profile/matching";
import type { LabelSelector } from "@kinglet/profile";

import { hasPort, type KnownPort } from "./known-port.ts";
import type { NetworkPeer } from "./network-peer.ts";
import type { TrafficDirection } from "./traffic-direction.ts";

/** The only label of a namespace that is known without asking for it: the API server puts it on each. */
const namespaceNameLabel = "kubernetes.io/metadata.name";

/** An execution whose path or arguments hold wildcards. @internal */
export interface CommandPattern {
  readonly path: string;
  readonly args: readonly string[];
  readonly argsRequired: boolean;
}

/** What matches texts with wildcards; says which. */
interface EntryMatcher {
  matches(text: string): boolean;
  nextMatch(text: string, from: number): number;
}

/** Entries with wildcards, each with the list that was recorded for it; matched by what `create` makes at the first question. */
class DetailedPatterns<Detail> {
  readonly entries: string[] = [];
  readonly details: (readonly Detail[])[] = [];
  readonly #create: (entries: readonly string[]) => EntryMatcher;
  #matcher: EntryMatcher | undefined = undefined;

  constructor(create: (entries: readonly string[]) => EntryMatcher) {
    this.#create = create;
  }

  add(entry: string, details: readonly Detail[]): void {
    this.entries.push(entry);
    this.details.push(details);
  }

  /** True when an entry matches. */
  matches(text: string): boolean {
    return this.entries.length > 0 && this.#ask().matches(text);
  }

  /** Index of the first entry from `from` on that matches, or -1. */
  nextMatch(text: string, from: number): number {
    return this.entries.length === 0 ? -1 : this.#ask().nextMatch(text, from);
  }

  hasText(prefix: string, suffix: string): boolean {
    return this.entries.some((entry) => entry.startsWith(prefix) && entry.endsWith(suffix));
  }

  #ask(): EntryMatcher {
    return (this.#matcher ??= this.#create(this.entries));
  }
}

/** A neighbour that is told by labels. @internal */
export interface PeerPattern {
  /** Null: any pod of the namespaces. */
  readonly podSelector: LabelSelector | null;
  /** Null: the namespace of the container. */
  readonly namespaceSelector: LabelSelector | null;
  readonly ports: readonly KnownPort[];
}

/** Wildcards of one direction of traffic. @internal */
export class TrafficPatterns {
  readonly peers: PeerPattern[] = [];
  readonly addresses: DetailedPatterns<KnownPort> = new DetailedPatterns((entries) => new AddressMatcher(entries));
  readonly domains: string[] = [];
  #names: DnsMatcher | undefined = undefined;

  /** @param port - absent: any. */
  matchesPeer({ labels, namespace, ownNamespace }: NetworkPeer, port?: number, protocol = ""): boolean {
    return this.peers.some(
      ({ podSelector, namespaceSelector, ports }) =>
        (namespaceSelector === null ? namespace === ownNamespace : selectsNamespace(namespaceSelector, namespace)) &&
        (podSelector === null || matchesLabels(podSelector, labels)) &&
        (port === undefined || hasPort(ports, port, protocol)),
    );
  }

  matchesDomain(domain: string): boolean {
    return this.domains.length > 0 && (this.#names ??= new DnsMatcher(this.domains)).matches(domain);
  }
}

/**
 * The entries of a profile that are not plain strings: wildcards, addresses that can be written in several ways, characters outside
 * Latin-1. Few, and asked when no literal fits.
 *
 * @internal
 */
export class ProfilePatterns {
  readonly execs: CommandPattern[] = [];
  readonly opens: DetailedPatterns<string> = new DetailedPatterns((entries) => new PathMatcher(entries));
  readonly endpoints: DetailedPatterns<string> = new DetailedPatterns((entries) => new EndpointMatcher(entries));
  readonly ingress: TrafficPatterns = new TrafficPatterns();
  readonly egress: TrafficPatterns = new TrafficPatterns();
  #commands: ExecArgumentsMatcher | undefined = undefined;

  get size(): number {
    const { execs, opens, endpoints, ingress, egress } = this;
    return (
      execs.length +
      opens.entries.length +
      endpoints.entries.length +
      ingress.addresses.entries.length +
      ingress.domains.length +
      ingress.peers.length +
      egress.addresses.entries.length +
      egress.domains.length +
      egress.peers.length
    );
  }

  matchesExec(path: string): boolean {
    return this.execs.length > 0 && this.#askCommands().matchesPath(path);
  }

  matchesCommand(path: string, args: readonly string[]): boolean {
    return this.execs.length > 0 && this.#askCommands().matches(path, args);
  }

  someCommand(path: string, accepts: (args: readonly string[]) => boolean): boolean {
    return this.execs.length > 0 && this.#askCommands().someEntry(path, accepts);
  }

  /** True when an entry matches that has every one of the flags. */
  matchesOpenWith(path: string, flags: readonly string[]): boolean {
    const { opens } = this;
    for (let at = opens.nextMatch(path, 0); at !== -1; at = opens.nextMatch(path, at + 1)) {
      if (flags.every((flag) => opens.details[at]?.includes(flag))) return true;
    }
    return false;
  }

  matchesEndpointWith(endpoint: string, method: string): boolean {
    const { endpoints } = this;
    for (let at = endpoints.nextMatch(endpoint, 0); at !== -1; at = endpoints.nextMatch(endpoint, at + 1)) {
      if (endpoints.details[at]?.includes(method) === true) return true;
    }
    return false;
  }

  matchesAddressPort(direction: TrafficDirection, address: string, port: number, protocol: string): boolean {
    const { addresses } = this[direction];
    for (let at = addresses.nextMatch(address, 0); at !== -1; at = addresses.nextMatch(address, at + 1)) {
      const ports = addresses.details[at];
      if (ports !== undefined && hasPort(ports, port, protocol)) return true;
    }
    return false;
  }

  #askCommands(): ExecArgumentsMatcher {
    return (this.#commands ??= new ExecArgumentsMatcher(this.execs));
  }
}

/** False where it takes a label that is not known: that a namespace does not have it must not be believed of each. */
function selectsNamespace(selector: LabelSelector, namespace: string): boolean {
  return (
    selector.matchExpressions.every(({ key }) => key === namespaceNameLabel) &&
    matchesLabels(selector, { [namespaceNameLabel]: namespace })
  );
}
