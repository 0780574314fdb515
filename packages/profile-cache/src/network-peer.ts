/** A pod or service of the cluster, as a profile is asked about it. @public */
export interface NetworkPeer {
  readonly namespace: string;
  /** The pod's labels, or the service's selector. */
  readonly labels: Readonly<Record<string, string>>;
  /** Namespace of the container that the profile is about. */
  readonly ownNamespace: string;
}
