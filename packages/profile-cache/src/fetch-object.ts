import type { BoundObject } from "./profile-binding.ts";
import type { OverlayDocument, ProfileSource } from "./profile-source.ts";
import type { ContainerProfile } from "@kinglet/profile";

/**
 * Asks the store for an object of any kind; a kind that the store does not offer is absent.
 *
 * @throws what the store throws; a TypeError for an answer that is no profile, so that a broken store counts as one that fails.
 *
 * @internal
 */
export async function fetchObject(
  store: ProfileSource,
  object: BoundObject,
  signal: AbortSignal,
): Promise<ContainerProfile | OverlayDocument | undefined> {
  const answer: Partial<ContainerProfile | OverlayDocument> | null | undefined = await ask(store, object, signal);
  if (answer === undefined) return undefined;
  // The profile of a container is read in one go, where nothing may throw.
  if (typeof answer?.metadata?.name === "string" && Array.isArray(answer.spec?.containers)) {
    return answer as ContainerProfile | OverlayDocument;
  }
  throw new TypeError(`the profile store's answer for ${object.title} is no profile`);
}

function ask(
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
