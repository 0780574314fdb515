import { ONE } from "../matching/wildcards.ts";
import type { CollapsePrefix } from "./collapse-configuration.ts";

/**
 * How many distinct children a directory may have.
 *
 * For a directory without wildcards: the threshold of the longest prefix, else the default. For one with wildcards: the smallest
 * that any directory it stands for could have. So a more general directory never has a larger threshold, without which collapsing
 * step by step could end elsewhere than collapsing at once.
 *
 * @internal
 */
export class CollapseThresholds {
  /** The smallest of all; no directory with fewer children needs a look. */
  readonly smallest: number;
  readonly #default: number;
  readonly #prefixes: readonly { readonly segments: readonly string[]; readonly threshold: number }[];

  constructor(defaultThreshold: number, prefixes: readonly CollapsePrefix[]) {
    this.#default = defaultThreshold;
    this.#prefixes = prefixes.map(({ prefix, threshold }) => ({
      segments: prefix.split("/").filter((segment) => segment !== ""),
      threshold,
    }));
    this.smallest = prefixes.reduce((least, { threshold }) => Math.min(least, threshold), defaultThreshold);
  }

  /** @param directory - its segments; may hold the wildcard of one segment. */
  of(directory: readonly string[]): number {
    if (directory.includes(ONE)) return this.#least(directory, false);
    let longest = -1;
    let threshold = this.#default;
    for (const { segments, threshold: own } of this.#prefixes) {
      // The first of two equal prefixes counts.
      if (segments.length > longest && this.#covers(segments, directory)) {
        longest = segments.length;
        threshold = own;
      }
    }
    return threshold;
  }

  /** The same for `directory` followed by any number of segments. */
  below(directory: readonly string[]): number {
    return this.#least(directory, true);
  }

  #least(directory: readonly string[], isOpen: boolean): number {
    let threshold = this.#default;
    for (const { segments, threshold: own } of this.#prefixes) {
      const isReached = segments.length <= directory.length || isOpen;
      if (isReached && own < threshold && this.#covers(segments.slice(0, directory.length), directory)) threshold = own;
    }
    return threshold;
  }

  #covers(segments: readonly string[], directory: readonly string[]): boolean {
    if (segments.length > directory.length) return false;
    for (let at = 0; at < segments.length; at += 1) {
      if (segments[at] !== directory[at] && directory[at] !== ONE) return false;
    }
    return true;
  }
}
