import { isLearnedProfile, profileStatus, unobservedSurfaces, type ContainerProfile } from "@kinglet/profile";

import type { BoundObject } from "./profile-binding.ts";
import type { OverlayDocument } from "./profile-source.ts";

/** Takes over an object that arrived. @internal */
export function takeContent(source: BoundObject, content: ContainerProfile | OverlayDocument): void {
  source.content = content;
  source.isContentWanted = false;
  source.outcome = "present";
  source.uid = content.metadata.uid ?? "";
  source.resourceVersion = content.metadata.resourceVersion ?? "";
  source.isLearned = isLearnedProfile(content);
  if (source.kind !== "ContainerProfile") return;
  const { status, completion } = profileStatus(content);
  source.status = status;
  source.completion = completion;
  source.unobserved = unobservedSurfaces(content);
  const { containers, initContainers, ephemeralContainers } = (content as ContainerProfile).spec;
  const sections = [...containers, ...initContainers, ...ephemeralContainers];
  source.coversOnly = sections.length === 0 ? undefined : sections.map(({ name }) => name);
}
