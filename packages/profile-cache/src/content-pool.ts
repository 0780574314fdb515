import type { ProfileContent } from "./profile-content.ts";

/** A content with the number of its users. @internal */
export interface SharedContent {
  readonly content: ProfileContent;
  /** How many profiles hold it; the pool forgets it at 0. */
  users: number;
  /** Under which keys of compositions it is found. */
  readonly compositions: string[];
}

/**
 * Keeps one copy of each distinct content, as long as somebody uses it: by checksum, and by what it was composed of, so that equal
 * bases with equal overlays are merged once.
 *
 * @internal
 */
export class ContentPool {
  readonly #maxBytes: number;
  readonly #byChecksum = new Map<string, SharedContent>();
  readonly #byComposition = new Map<string, SharedContent>();
  #bytes = 0;

  /** @param maxBytes - most memory that all contents together may take, as they estimate it. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many distinct contents are in use. */
  get size(): number {
    return this.#byChecksum.size;
  }

  /** What they keep, bytes, as they estimate it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The content that was composed of these objects, as one more use of it; undefined when there is none. */
  findComposed(composition: string): SharedContent | undefined {
    const shared = this.#byComposition.get(composition);
    if (shared !== undefined) shared.users += 1;
    return shared;
  }

  /**
   * The one copy of a content, as one more use of it.
   *
   * @param replaced - a content whose one user takes this one in its place: its room counts as free.
   * @returns undefined when there is no room.
   */
  acquire(
    checksum: string,
    projectionHash: string,
    make: () => ProfileContent,
    replaced: SharedContent | undefined,
  ): SharedContent | undefined {
    const key = `${checksum}/${projectionHash}`;
    let shared = this.#byChecksum.get(key);
    if (shared === undefined) {
      const content = make();
      const freed = replaced?.users === 1 ? replaced.content.bytes : 0;
      if (this.#bytes - freed + content.bytes > this.#maxBytes) return undefined;
      shared = { content, users: 0, compositions: [] };
      this.#byChecksum.set(key, shared);
      this.#bytes += content.bytes;
    }
    shared.users += 1;
    return shared;
  }

  /** Remembers what a content was composed of, for as long as it is used. */
  remember(composition: string, shared: SharedContent): void {
    if (this.#byComposition.has(composition)) return;
    // A content whose overlays are edited back and forth would collect keys for ever.
    if (shared.compositions.length >= 8) this.#byComposition.delete(shared.compositions.shift() ?? "");
    this.#byComposition.set(composition, shared);
    shared.compositions.push(composition);
  }

  /** Gives one use back. */
  release(shared: SharedContent): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    const { content, compositions } = shared;
    this.#byChecksum.delete(`${content.checksum}/${content.projectionHash}`);
    for (const composition of compositions) this.#byComposition.delete(composition);
    this.#bytes -= content.bytes;
  }
}
