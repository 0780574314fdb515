import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";

import type { ProfileView } from "../src/detector.ts";
import { obviousAnswers } from "./obvious-answers.ts";

/** What detection sees of a profile: complete, with the obvious answers, and with what is given instead. */
export function profileViewOf(profile: ContainerProfile, changes: Partial<ProfileView> = {}): ProfileView {
  const { name, namespace } = profile.metadata;
  return {
    name,
    namespace,
    status: "completed",
    completion: "complete",
    checksum: "",
    content: obviousAnswers(profile),
    ...changes,
  };
}

/** The same of the profile shop/web with this specification. */
export function profileViewWith(spec: object, changes: Partial<ProfileView> = {}): ProfileView {
  return profileViewOf(parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec }), changes);
}
