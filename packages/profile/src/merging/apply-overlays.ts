import type { ApplicationProfile } from "../application-profile.ts";
import type { ContainerProfile } from "../container-profile.ts";
import type { NetworkNeighborhood } from "../network-neighborhood.ts";

/** One overlay; `kind` tells which. @public */
export type ProfileOverlay = ApplicationProfile | NetworkNeighborhood;

/** Names of the containers of a pod, as its spec lists them. @public */
export interface PodContainerNames {
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  readonly ephemeralContainers: readonly string[];
}

/** An overlay that says nothing about some containers of the pod. @public */
export interface OverlayWarning {
  readonly kind: "application" | "network";
  readonly namespace: string;
  readonly name: string;
  /** `""` when the overlay has none. */
  readonly resourceVersion: string;
  /** Names of the containers, in the order of the pod: containers, init containers, ephemeral containers. */
  readonly missing: readonly string[];
}

/** Options of {@link applyOverlays}. @public */
export interface OverlayOptions {
  /** The container that the base is about. */
  readonly containerName: string;
  /** Without it there are no warnings. */
  readonly pod?: PodContainerNames | undefined;
}

/** @public */
export function applyOverlays(
  base: ContainerProfile,
  overlays: readonly ProfileOverlay[],
  options: OverlayOptions,
): { readonly profile: ContainerProfile; readonly warnings: readonly OverlayWarning[] } {
  void overlays;
  void options;
  return { profile: { ...base }, warnings: [] };
}
