import {
  checksum,
  profileStatus,
  resolveAuthoredProfile,
  isLearnedProfile,
  type ApplicationProfile,
  type ContainerProfile,
  type NetworkNeighborhood,
} from "@kinglet/profile";
import { applyOverlays } from "@kinglet/profile/merging";

import type { ContainerRef } from "../src/container-ref.ts";
import type { FakeSource } from "./cache-fixture.ts";

/** What `/debug/containers` should say of a container, and what it should hold. */
export interface ExpectedContainer {
  readonly state: "pending" | "active" | "unbound";
  readonly reason: string;
  readonly isStale: boolean;
  readonly name: string | undefined;
  readonly status: string | undefined;
  readonly completion: string | undefined;
  readonly origin: string | undefined;
  readonly checksum: string | undefined;
}

const nothingHeld = {
  name: undefined,
  status: undefined,
  completion: undefined,
  origin: undefined,
  checksum: undefined,
};

/** The same, computed from the store at once, as if the container had come just now. */
export function expectedContainer(store: FakeSource["objects"], ref: ContainerRef): ExpectedContainer {
  const { containerName, userProfile: label = "" } = ref;
  const document =
    label === "" ? undefined : (store.get(`shop/${label}-${containerName}`) ?? store.get(`shop/${label}`));
  const section = document && resolveAuthoredProfile(document as ContainerProfile, containerName);
  if (document !== undefined && section !== undefined && !isLearnedProfile(document)) {
    const held = { name: document.metadata.name, status: "completed", completion: "complete", origin: "authored" };
    return { state: "active", reason: "", isStale: false, ...held, checksum: checksum(section) };
  }
  const overlays = overlaysOf(store, ref);
  const isUnbound = label !== "" && overlays.every(({ metadata }) => metadata.name !== label);
  const learned = heldOf(store.get(`shop/${ref.profileName}`) as ContainerProfile | undefined, overlays, ref);
  const isHeld = learned.held !== undefined;
  let { reason } = learned;
  if (isUnbound) {
    reason = `the pod's label names ${JSON.stringify(label)}, which nothing is found under; ${isHeld ? "the learned profile is used" : reason}`;
  }
  const state = isUnbound ? "unbound" : isHeld ? "active" : "pending";
  return { state, reason, isStale: false, ...(learned.held ?? nothingHeld) };
}

type Overlay = ApplicationProfile | NetworkNeighborhood;

function overlaysOf(store: FakeSource["objects"], { workloadName = "", userProfile = "" }: ContainerRef): Overlay[] {
  const found: Overlay[] = [];
  for (const name of [workloadName === "" ? "" : `ug-${workloadName}`, userProfile]) {
    for (const kind of ["ApplicationProfile", "NetworkNeighborhood"]) {
      const overlay = name === "" ? undefined : store.get(`${kind}/shop/${name}`);
      if (overlay !== undefined) found.push(overlay as Overlay);
    }
  }
  return found;
}

function heldOf(
  learned: ContainerProfile | undefined,
  overlays: readonly Overlay[],
  { containerName }: ContainerRef,
): { readonly held: Omit<ExpectedContainer, "state" | "reason" | "isStale"> | undefined; readonly reason: string } {
  if (learned === undefined) {
    const [first] = overlays;
    const waits = first === undefined ? "" : `; ${first.kind} ${first.metadata.name} waits for it`;
    return { held: undefined, reason: `the profile does not exist${waits}` };
  }
  const { status, completion } = profileStatus(learned);
  if (status === "") return { held: undefined, reason: "the profile has no status" };
  if (status !== "completed" && status !== "too-large") {
    return { held: undefined, reason: `the profile's status is ${JSON.stringify(status)}` };
  }
  const { profile } = applyOverlays(learned, overlays, { containerName });
  const origin = overlays.length === 0 ? "learned" : "learned with overlays";
  const sum = checksum(overlays.length === 0 ? learned : profile);
  return { held: { name: learned.metadata.name, status, completion, origin, checksum: sum }, reason: "" };
}
