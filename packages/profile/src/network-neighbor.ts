import type { LabelSelector } from "./label-selector.ts";

/** One port of a {@link NetworkNeighbor}. @public */
export interface NetworkPort {
  /** `PROTOCOL-port`, e.g. `TCP-443`; the merge key. */
  readonly name: string;
  /** `TCP`, `UDP` or `SCTP`; kept as written. */
  readonly protocol: string;
  /** 0 … 65535; `null` when any. */
  readonly port: number | null;
}

/**
 * One network peer of a container.
 *
 * @public
 */
export interface NetworkNeighbor {
  /** Merge key; sha256 of the other fields when learned. */
  readonly identifier: string;
  /** `internal` or `external` (to the cluster); kept as written. */
  readonly type: string;
  /** One DNS name; superseded by {@link NetworkNeighbor.dnsNames}. */
  readonly dns: string;
  /** DNS names, usually with a trailing dot; a set. */
  readonly dnsNames: readonly string[];
  readonly ports: readonly NetworkPort[];
  /** `null` when the peer is not selected by pod labels. */
  readonly podSelector: LabelSelector | null;
  /** `null` when the peer is not selected by namespace labels. */
  readonly namespaceSelector: LabelSelector | null;
  /** One address; superseded by {@link NetworkNeighbor.ipAddresses}. */
  readonly ipAddress: string;
  /** Addresses, CIDR blocks or `*`; a set. */
  readonly ipAddresses: readonly string[];
}
