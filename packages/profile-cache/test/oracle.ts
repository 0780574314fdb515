import {
  checksum,
  profileStatus,
  resolveAuthoredProfile,
  type ApplicationProfile,
  type ContainerProfile,
  type NetworkNeighborhood,
} from "@kinglet/profile";
import { applyOverlays } from "@kinglet/profile/merging";

import type { ContainerRef } from "../src/container-ref.ts";
import type { FakeSource } from "./cache-fixture.ts";

/** Checksum of what a container should hold, computed from the store at once; undefined: nothing. */
export function expectedChecksum(store: FakeSource["objects"], ref: ContainerRef): string | undefined {
  const { containerName, profileName, userProfile = "", workloadName = "" } = ref;
  if (userProfile !== "") {
    const own = store.get(`shop/${userProfile}-${containerName}`) as ContainerProfile | undefined;
    const document = own ?? (store.get(`shop/${userProfile}`) as ContainerProfile | undefined);
    const authored = document && resolveAuthoredProfile(document, containerName);
    if (authored !== undefined) return checksum(authored);
  }
  const learned = store.get(`shop/${profileName}`) as ContainerProfile | undefined;
  if (learned === undefined || !["completed", "too-large", ""].includes(profileStatus(learned).status))
    return undefined;
  const overlays: (ApplicationProfile | NetworkNeighborhood)[] = [];
  for (const name of [workloadName === "" ? "" : `ug-${workloadName}`, userProfile]) {
    for (const kind of ["ApplicationProfile", "NetworkNeighborhood"]) {
      const overlay = name === "" ? undefined : store.get(`${kind}/shop/${name}`);
      if (overlay !== undefined) overlays.push(overlay as ApplicationProfile | NetworkNeighborhood);
    }
  }
  return checksum(applyOverlays(learned, overlays, { containerName }).profile);
}
