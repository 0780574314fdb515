import type { ResourceDefinition } from "@kinglet/kube-client";

/** The kinds a store keeps. @public */
export type ProfileKind = "ContainerProfile" | "ApplicationProfile" | "NetworkNeighborhood";

/** Every kind. @internal */
export const profileKinds: readonly ProfileKind[] = ["ContainerProfile", "ApplicationProfile", "NetworkNeighborhood"];

/** API group and version of every kind. @internal */
export const PROFILE_GROUP_VERSION = "spdx.softwarecomposition.kubescape.io/v1beta1";

/**
 * Where a kind lives in the API, and how its folder is called in a directory.
 *
 * @returns a new object.
 *
 * @internal
 */
export function profileResource(kind: ProfileKind): ResourceDefinition {
  return {
    group: "spdx.softwarecomposition.kubescape.io",
    version: "v1beta1",
    plural: `${kind.toLowerCase()}s`,
    kind,
    namespaced: true,
  };
}
