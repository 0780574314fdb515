/** A peer inside the cluster. @public */
export interface ClusterPeer {
  readonly kind: "pod" | "service";
  readonly namespace: string;
  /** The pod's labels, or the service's selector; a service without a selector is no {@link ClusterPeer}. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Whose address it is.
 *
 * @public
 */
export interface PeerLookup {
  /**
   * @param address - IPv4 or IPv6, canonical text.
   * @returns undefined when the address belongs to no known pod or service.
   */
  peerOf(address: string): ClusterPeer | undefined;
}
