/** A peer inside the cluster. @public */
export interface ClusterPeer {
  readonly kind: "pod" | "service";
  readonly namespace: string;
  /** The pod's labels, or the service's selector; a service without a selector is no {@link ClusterPeer}. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Whose address it is. Asked once per event of a conversation, so an answer is to be at hand: what has to be found out first is found out before
 * the event is recorded.
 *
 * @public
 */
export interface PeerLookup {
  /**
   * @param address - IPv4 or IPv6, canonical text.
   * @returns undefined when the address belongs to no known pod or service. The same object for as long as the same one has it: another
   * object for an address that was recorded makes it be recorded anew.
   */
  peerOf(address: string): ClusterPeer | undefined;
}
