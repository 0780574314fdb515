import type { BoundObject } from "./profile-binding.ts";
import type { OverlayDocument, ProfileSource } from "./profile-source.ts";
import type { ContainerProfile } from "@kinglet/profile";

/**
 * Asks the store for an object of any kind; a kind that the store does not offer is absent.
 *
 * @internal
 */
export function fetchObject(
  store: ProfileSource,
  { kind, namespace, name }: BoundObject,
  signal: AbortSignal,
): Promise<ContainerProfile | OverlayDocument | undefined> {
  if (kind === "ContainerProfile") return store.getContainerProfile(namespace, name, { signal });
  const call =
    kind === "ApplicationProfile"
      ? store.getApplicationProfile?.(namespace, name, { signal })
      : store.getNetworkNeighborhood?.(namespace, name, { signal });
  return call ?? Promise.resolve(undefined);
}

/** True for errors that say of themselves that trying again cannot help, such as an unreadable object. @internal */
export function isPermanent(error: unknown): boolean {
  return (error as { readonly retryable?: unknown } | undefined)?.retryable === false;
}
