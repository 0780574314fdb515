import type { ProfileCompletion, ProfileStatus, ProfileSurface } from "@kinglet/profile";

import type { ProfileContent } from "./profile-content.ts";

/** What a profile was made of. @public */
export type ProfileOrigin = "learned" | "learned with overlays" | "authored";

/**
 * One profile as consumers see it: immutable, replaced as a whole when its content changes.
 *
 * The object stays the same (`===`) while the content stays the same, so it can key caches of derived results; results that are kept
 * elsewhere can be keyed by `checksum` and `content.projectionHash`.
 *
 * @public
 */
export class CachedProfile {
  readonly namespace: string;
  readonly name: string;
  /** An authored profile is always `completed`. */
  readonly status: ProfileStatus;
  /** An authored profile is always `complete`. */
  readonly completion: ProfileCompletion;
  readonly origin: ProfileOrigin;
  /**
   * Surfaces that nobody looked at while the profile was learned: that they hold nothing says nothing. Sorted; empty for an authored
   * profile that does not say where it comes from.
   */
  readonly unobserved: readonly ProfileSurface[];
  /** What the profile allows; the same object for every profile with the same content. */
  readonly content: ProfileContent;

  /** @internal */
  constructor(
    namespace: string,
    name: string,
    life: Pick<CachedProfile, "status" | "completion" | "origin" | "unobserved">,
    content: ProfileContent,
  ) {
    this.namespace = namespace;
    this.name = name;
    this.status = life.status;
    this.completion = life.completion;
    this.origin = life.origin;
    this.unobserved = life.unobserved;
    this.content = content;
  }

  /** Content hash of the profile, see `checksum` of `@kinglet/profile`; equal checksums share one content. */
  get checksum(): string {
    return this.content.checksum;
  }
}
