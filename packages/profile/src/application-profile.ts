import type { NamedProfileSurfaces, ProfileMetadata } from "./container-profile.ts";

/** `kind` of an {@link ApplicationProfile}. @public */
export const APPLICATION_PROFILE_KIND = "ApplicationProfile";

/**
 * What one container may do, without the network.
 *
 * @public
 */
export type ApplicationProfileContainer = Omit<NamedProfileSurfaces, "ingress" | "egress">;

/** `spec` of an {@link ApplicationProfile}. @public */
export interface ApplicationProfileSpec {
  /** CPU architectures; a set. */
  readonly architectures: readonly string[];
  readonly containers: readonly ApplicationProfileContainer[];
  readonly initContainers: readonly ApplicationProfileContainer[];
  readonly ephemeralContainers: readonly ApplicationProfileContainer[];
}

/**
 * What the containers of a whole workload may do; written by users to widen what was learned, see `applyOverlays`.
 *
 * Treat it as immutable.
 *
 * @see reference: kubescape/storage, `pkg/apis/softwarecomposition/v1beta1/types.go`
 *
 * @public
 */
export interface ApplicationProfile {
  readonly apiVersion: string;
  readonly kind: typeof APPLICATION_PROFILE_KIND;
  readonly metadata: ProfileMetadata;
  readonly spec: ApplicationProfileSpec;
}
