import type { ContainerRef } from "./container-ref.ts";
import type { BoundObject, ProfileBinding } from "./profile-binding.ts";
import type { UserProfiles } from "./profile-cache-options.ts";
import type { ProfileObjectKind, ProfileSource } from "./profile-source.ts";

/** Prefix of the overlays of a workload. */
const USER_MANAGED = "ug-";

/**
 * Binds to every object that the container's profile may be made of.
 *
 * @internal
 */
export function bindSources(
  binding: ProfileBinding,
  ref: ContainerRef,
  userProfiles: UserProfiles,
  objects: { use(binding: ProfileBinding, kind: ProfileObjectKind, name: string): BoundObject },
  store: ProfileSource,
): void {
  const use = (kind: ProfileObjectKind, name: string): BoundObject => objects.use(binding, kind, name);
  if (ref.profileName !== "") binding.learned = use("ContainerProfile", ref.profileName);
  if (userProfiles === "none") return;
  const { label } = binding;
  if (label !== "" && userProfiles !== "overlays") {
    binding.authored = [use("ContainerProfile", `${label}-${ref.containerName}`), use("ContainerProfile", label)];
  }
  if (userProfiles === "authored") return;
  const names: string[] = [];
  const workload = ref.workloadName ?? "";
  if (workload !== "") names.push(USER_MANAGED + workload);
  if (label !== "") names.push(label);
  const overlays: BoundObject[] = [];
  for (const name of names) {
    if (store.getApplicationProfile !== undefined) overlays.push(use("ApplicationProfile", name));
    if (store.getNetworkNeighborhood !== undefined) overlays.push(use("NetworkNeighborhood", name));
  }
  if (overlays.length > 0) binding.overlays = overlays;
}
