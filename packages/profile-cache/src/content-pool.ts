import type { ProfileContent } from "./profile-content.ts";
import type { ProjectionSpec } from "./projection-spec.ts";

/** A content with the number of its users. @internal */
export interface SharedContent {
  readonly content: ProfileContent;
  /** What it was made with. */
  readonly projection: ProjectionSpec;
  /** How many profiles hold it; the pool forgets it at 0. */
  users: number;
  /** Under which keys of compositions it is found. */
  readonly compositions: string[];
}

/** A content that did not fit. @internal */
export interface RefusedContent {
  readonly content: undefined;
  /** What it is found under once somebody else has it. */
  readonly key: string;
  readonly bytes: number;
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
  /** Grows with every content that comes or goes. */
  changes = 0;

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

  /** True when the content of that key is held. */
  has(key: string): boolean {
    return this.#byChecksum.has(key);
  }

  /** True when there is room; `replaced` as in {@link ContentPool.acquire}. */
  fits(bytes: number, replaced: SharedContent | undefined): boolean {
    const freed = replaced?.users === 1 ? replaced.content.bytes : 0;
    return this.#bytes - freed + bytes <= this.#maxBytes;
  }

  /** One more use of a content that is held. */
  retain(shared: SharedContent): SharedContent {
    shared.users += 1;
    return shared;
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
   * @returns what is missing when there is no room.
   */
  acquire(
    checksum: string,
    projection: ProjectionSpec,
    make: () => ProfileContent,
    replaced: SharedContent | undefined,
  ): SharedContent | RefusedContent {
    const key = `${checksum}/${projection.hash}`;
    let shared = this.#byChecksum.get(key);
    if (shared === undefined) {
      const content = make();
      if (!this.fits(content.bytes, replaced)) return { content: undefined, key, bytes: content.bytes };
      shared = { content, projection, users: 0, compositions: [] };
      this.#byChecksum.set(key, shared);
      this.#bytes += content.bytes;
      this.changes += 1;
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
    this.changes += 1;
  }
}
