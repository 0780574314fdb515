import type { ContainerProfile, ProfileCompletion, ProfileStatus } from "@kinglet/profile";

import type { SharedSpec } from "./shared-spec.ts";

/**
 * One profile as consumers see it: immutable, replaced as a whole when its content changes.
 *
 * The object stays the same (`===`) while the content stays the same, so it can key caches of derived results.
 *
 * @public
 */
export class CachedProfile {
  readonly namespace: string;
  readonly name: string;
  readonly profile: ContainerProfile;
  readonly status: ProfileStatus;
  readonly completion: ProfileCompletion;
  readonly #shared: SharedSpec;

  /** @internal */
  constructor(profile: ContainerProfile, status: ProfileStatus, completion: ProfileCompletion, shared: SharedSpec) {
    this.namespace = profile.metadata.namespace;
    this.name = profile.metadata.name;
    this.profile = profile;
    this.status = status;
    this.completion = completion;
    this.#shared = shared;
  }

  /** Content hash of the spec, see `checksum` of `@kinglet/profile`; equal checksums share one spec object. */
  get checksum(): string {
    return this.#shared.checksum;
  }

  /** Paths of the executed programs; built at the first access, then the same set for every profile with this content. */
  get execPaths(): ReadonlySet<string> {
    return this.#shared.execPaths;
  }
}
