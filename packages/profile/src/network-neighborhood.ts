import type { ProfileMetadata } from "./container-profile.ts";
import type { LabelSelector } from "./label-selector.ts";
import type { NetworkNeighbor } from "./network-neighbor.ts";

/** `kind` of a {@link NetworkNeighborhood}. @public */
export const NETWORK_NEIGHBORHOOD_KIND = "NetworkNeighborhood";

/** The network peers of one container. @public */
export interface NetworkNeighborhoodContainer {
  /** The container that the section is about. */
  readonly name: string;
  readonly ingress: readonly NetworkNeighbor[];
  readonly egress: readonly NetworkNeighbor[];
}

/** `spec` of a {@link NetworkNeighborhood}; its selector is that of the pods. @public */
export interface NetworkNeighborhoodSpec extends LabelSelector {
  readonly containers: readonly NetworkNeighborhoodContainer[];
  readonly initContainers: readonly NetworkNeighborhoodContainer[];
  readonly ephemeralContainers: readonly NetworkNeighborhoodContainer[];
}

/**
 * With whom the containers of a whole workload may speak; written by users to widen what was learned, see `applyOverlays`.
 *
 * Treat it as immutable.
 *
 * @see reference: kubescape/storage, `pkg/apis/softwarecomposition/v1beta1/network_types.go`
 *
 * @public
 */
export interface NetworkNeighborhood {
  readonly apiVersion: string;
  readonly kind: typeof NETWORK_NEIGHBORHOOD_KIND;
  readonly metadata: ProfileMetadata;
  readonly spec: NetworkNeighborhoodSpec;
}
