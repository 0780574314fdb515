import { hash } from "node:crypto";
import type { NetworkEvent } from "@kinglet/enrichment";
import type { LabelSelector, NetworkNeighbor, NetworkPort } from "@kinglet/profile";
import { ownText } from "./own-text.ts";
import type { ClusterPeer } from "./peer-lookup.ts";
import { peerLabels } from "./peer-labels.ts";
import type { DeltaLog } from "./profile-delta.ts";

/** What tells one peer from another. */
type PeerKey = Pick<
  NetworkNeighbor,
  "identifier" | "type" | "dns" | "ipAddress" | "dnsNames" | "podSelector" | "namespaceSelector"
>;

interface RecordedPeer {
  readonly key: PeerKey;
  readonly addresses: Set<string>;
  /** Protocols by port; -1: a protocol without ports. */
  readonly ports: Map<number, readonly string[]>;
}

/** How the other side of a conversation is told. @internal */
export interface PeerNaming {
  readonly direction: "ingress" | "egress";
  /** Namespace of the container. */
  readonly namespace: string;
  /** Peers outside the cluster that are kept apart by address. */
  readonly maxAddresses: number;
  peerOf(address: string): ClusterPeer | undefined;
  /** The name that the container looked up and got this address for. */
  nameOf(address: string): string | undefined;
}

const noTexts: readonly string[] = [];
const ANY_ADDRESS = "*";

/**
 * The peers of one profile in one direction.
 *
 * A pod or service of the cluster is recorded by its labels, another peer by the name that was looked up for its address, else by the
 * address. Once per event: a conversation that is recorded already costs two look-ups and no allocation.
 *
 * @internal
 */
export class RecordedPeers {
  readonly #naming: PeerNaming;
  readonly #delta: DeltaLog;
  readonly #byIdentifier: Map<string, RecordedPeer> = new Map();
  readonly #byName: Map<string, RecordedPeer> = new Map();
  /** What an address was taken for when it was first seen. */
  readonly #byAddress: Map<string, RecordedPeer> = new Map();
  /** Who had the address then, where it is a pod or service: another one may have it by now. */
  readonly #holders: Map<string, ClusterPeer> = new Map();
  /** Peers that are an address and nothing else. */
  #addressCount = 0;

  constructor(naming: PeerNaming, delta: DeltaLog) {
    this.#naming = naming;
    this.#delta = delta;
  }

  get size(): number {
    return this.#byIdentifier.size;
  }

  /** True when there is nothing to add. */
  has(event: NetworkEvent): boolean {
    const { address, protocol } = event;
    const peer = this.#known(address) ?? this.#anyPeer();
    return peer?.ports.get(event.port)?.includes(protocol) === true;
  }

  /** @returns about how many bytes were added. */
  add(event: NetworkEvent): number {
    const address = ownText(event.address);
    let peer = this.#known(address);
    let bytes = 0;
    if (peer === undefined) {
      const size = this.#byIdentifier.size;
      peer = this.#resolve(address);
      bytes = this.#byIdentifier.size === size ? 0 : 500;
      if (peer.key.ipAddress !== ANY_ADDRESS) {
        this.#byAddress.set(address, peer);
        bytes += address.length + 60;
      }
    }
    const isNewAddress = peer.key.dns !== "" && !peer.addresses.has(address);
    if (isNewAddress) {
      peer.addresses.add(address);
      bytes += 60;
    }
    const protocols = peer.ports.get(event.port) ?? noTexts;
    const isNewPort = !protocols.includes(event.protocol);
    if (isNewPort) {
      peer.ports.set(event.port, [...protocols, event.protocol]);
      bytes += 120;
    }
    if (isNewAddress || isNewPort) {
      const ipAddresses = isNewAddress ? [address] : noTexts;
      this.#delta.add(this.#naming.direction, {
        ...peer.key,
        ipAddresses,
        ports: [portOf(event.port, event.protocol)],
      });
    }
    return bytes;
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  /** A name was looked up. @returns about how many bytes were added. */
  addName(name: string): number {
    if (this.#byName.has(name)) return 0;
    const peer = this.#named(ownText(name));
    this.#delta.add(this.#naming.direction, { ...peer.key, ipAddresses: noTexts, ports: [] });
    return name.length + 500;
  }

  /** A name was looked up and this is its address: what it was taken for until now is no longer sure. */
  forgetAddress(address: string): void {
    if (this.#byAddress.get(address)?.key.type === "external") this.#byAddress.delete(address);
  }

  restore(neighbor: NetworkNeighbor): number {
    const { ports, ipAddresses, ...key } = neighbor;
    const known = this.#byIdentifier.get(key.identifier);
    const peer = known ?? this.#keep(key);
    for (const address of ipAddresses) {
      peer.addresses.add(address);
      this.#byAddress.set(address, peer);
    }
    for (const { port, protocol } of ports) {
      const protocols = peer.ports.get(port ?? -1) ?? noTexts;
      if (!protocols.includes(protocol)) peer.ports.set(port ?? -1, [...protocols, protocol]);
    }
    this.#delta.add(this.#naming.direction, neighbor);
    return (known === undefined ? 500 : 0) + ports.length * 120 + ipAddresses.length * 60;
  }

  list(): readonly NetworkNeighbor[] {
    const neighbors: NetworkNeighbor[] = [];
    for (const { key, addresses, ports } of this.#byIdentifier.values()) {
      const list: NetworkPort[] = [];
      for (const [port, protocols] of ports) for (const protocol of protocols) list.push(portOf(port, protocol));
      neighbors.push({ ...key, ipAddresses: [...addresses], ports: list });
    }
    return neighbors;
  }

  #anyPeer(): RecordedPeer | undefined {
    return this.#addressCount > this.#naming.maxAddresses ? this.#byAddress.get(ANY_ADDRESS) : undefined;
  }

  /** What the address is taken for, unless a pod or service has it now that had it not then. */
  #known(address: string): RecordedPeer | undefined {
    const known = this.#byAddress.get(address);
    if (known === undefined) return undefined;
    const holder = this.#naming.peerOf(address);
    if (holder === undefined || holder === this.#holders.get(address)) return known;
    return known.key.type !== "internal" && Object.keys(peerLabels(holder.labels)).length === 0 ? known : undefined;
  }

  #resolve(address: string): RecordedPeer {
    const peer = this.#naming.peerOf(address);
    const labels = peer === undefined ? undefined : peerLabels(peer.labels);
    if (peer !== undefined && labels !== undefined && Object.keys(labels).length > 0) {
      this.#holders.set(address, peer);
      const isNear = peer.namespace === this.#naming.namespace;
      return this.#keep(
        keyOf({
          type: "internal",
          podSelector: selectorOf(labels),
          namespaceSelector: isNear ? null : selectorOf({ "kubernetes.io/metadata.name": peer.namespace }),
        }),
      );
    }
    const name = this.#naming.nameOf(address);
    if (name !== undefined) return this.#named(name);
    if (this.#addressCount < this.#naming.maxAddresses) return this.#addressed(address);
    return this.#addressed(ANY_ADDRESS);
  }

  #addressed(address: string): RecordedPeer {
    return this.#keep(keyOf({ type: "external", ipAddress: address }));
  }

  #named(name: string): RecordedPeer {
    const known = this.#byName.get(name);
    return known ?? this.#keep(keyOf({ type: "external", dns: name, dnsNames: [name] }));
  }

  #keep(key: PeerKey): RecordedPeer {
    const known = this.#byIdentifier.get(key.identifier);
    if (known !== undefined) return known;
    const peer: RecordedPeer = { key, addresses: new Set(), ports: new Map() };
    this.#byIdentifier.set(key.identifier, peer);
    if (key.dns !== "") this.#byName.set(key.dns, peer);
    if (key.ipAddress !== "") {
      this.#byAddress.set(key.ipAddress, peer);
      this.#addressCount += 1;
    }
    return peer;
  }
}

function keyOf(fields: Partial<PeerKey>): PeerKey {
  const {
    type = "",
    dns = "",
    ipAddress = "",
    dnsNames = noTexts,
    podSelector = null,
    namespaceSelector = null,
  } = fields;
  const identity = JSON.stringify([type, ipAddress, dns, namespaceSelector, podSelector]);
  const identifier = hash("sha256", identity, "hex");
  return { identifier, type, dns, ipAddress, dnsNames, podSelector, namespaceSelector };
}

function selectorOf(labels: Readonly<Record<string, string>>): LabelSelector {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { matchLabels: Object.fromEntries(sorted), matchExpressions: [] };
}

function portOf(port: number, protocol: string): NetworkPort {
  return port < 0 ? { name: protocol, protocol, port: null } : { name: `${protocol}-${port}`, protocol, port };
}
