import type { ContentPool, RefusedContent } from "./content-pool.ts";
import type { ProfileBinding } from "./profile-binding.ts";

/** A version of a profile that did not fit. @internal */
export interface Refusal extends RefusedContent {
  /** What it was made of, and for which rules. */
  readonly attempt: string;
}

/** Shared by every look that finds none. */
const NOTHING: readonly ProfileBinding[] = [];

/**
 * Profiles whose last version found no room: what was refused once is refused again until there is more room.
 *
 * @internal
 */
export class RefusedProfiles {
  readonly #pool: ContentPool;
  readonly #refusals = new Map<ProfileBinding, Refusal>();
  /** `changes` of the pool when they were looked at last. */
  #asOf = 0;

  constructor(pool: ContentPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#refusals.size;
  }

  has(binding: ProfileBinding): boolean {
    return this.#refusals.has(binding);
  }

  add(binding: ProfileBinding, refusal: Refusal): void {
    this.#refusals.set(binding, refusal);
    this.#asOf = this.#pool.changes;
  }

  delete(binding: ProfileBinding): void {
    this.#refusals.delete(binding);
  }

  /** True when the same version would be refused again; else what is known of it is forgotten. */
  isStillRefused(binding: ProfileBinding, attempt: string): boolean {
    const refusal = this.#refusals.get(binding);
    if (refusal === undefined) return false;
    if (
      refusal.attempt === attempt &&
      !this.#pool.has(refusal.key) &&
      !this.#pool.fits(refusal.bytes, binding.shared)
    ) {
      return true;
    }
    this.#refusals.delete(binding);
    return false;
  }

  /** Those for which there is room now; cheap when nothing changed. */
  takeFitting(): readonly ProfileBinding[] {
    if (this.#refusals.size === 0 || this.#asOf === this.#pool.changes) return NOTHING;
    this.#asOf = this.#pool.changes;
    const fitting: ProfileBinding[] = [];
    let taken = 0;
    for (const [binding, refusal] of this.#refusals) {
      if (!this.#pool.has(refusal.key)) {
        if (!this.#pool.fits(taken + refusal.bytes, binding.shared)) continue;
        taken += refusal.bytes;
      }
      fitting.push(binding);
    }
    return fitting;
  }
}
