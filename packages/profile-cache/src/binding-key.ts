import type { ContainerRef } from "./container-ref.ts";
import type { UserProfiles } from "./profile-cache-options.ts";

/**
 * Key of what the profile of a container is made of; containers with the same key share everything.
 *
 * @internal
 */
export function bindingKey(ref: ContainerRef, userProfiles: UserProfiles): string {
  const learned = `${ref.namespace}/${ref.profileName}`;
  const label = ref.userProfile ?? "";
  const workload = ref.workloadName ?? "";
  if (userProfiles === "none" || (label === "" && workload === "")) return learned;
  return `${learned}/${ref.containerName}/${workload}/${label}`;
}
