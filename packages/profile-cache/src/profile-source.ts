import type { ContainerProfile } from "@kinglet/profile";

/**
 * Where profiles come from; the port that this package needs and a store implements.
 *
 * @public
 */
export interface ProfileSource {
  /**
   * Fetches one profile.
   *
   * @param namespace - namespace of the pod.
   * @param name - name of the ContainerProfile, see `containerSlug`.
   * @param options - `signal`: ends the call; the promise rejects then.
   * @returns `undefined` when the object does not exist, and only then.
   * @throws when it cannot be told whether the object exists (time-out, refusal, unreadable object).
   */
  getContainerProfile(
    namespace: string,
    name: string,
    options: { readonly signal: AbortSignal },
  ): Promise<ContainerProfile | undefined>;
}
