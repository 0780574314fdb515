import type { ContainerProfile } from "@kinglet/profile";

/** What became of an update. @public */
export interface LearnedUpdate {
  /**
   * `written`; `unchanged`: the store said the same already; `skipped`: the merge wanted nothing written; `too-large`: refused for its
   * size.
   */
  readonly outcome: "written" | "unchanged" | "skipped" | "too-large";
}

/**
 * Where profiles are kept, as far as a learner needs it; `ProfileStore` of `@kinglet/storage-client` is one.
 *
 * @public
 */
export interface LearnedProfileStore {
  /**
   * Reads, merges and writes; when somebody else wrote meanwhile, merges again.
   *
   * @param merge - may be called several times; `undefined` means: leave what is stored.
   */
  update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<LearnedUpdate>;
}
