import type { Level } from "./compare-answers.ts";

/** Steps that are not answered as the real server did: `scenario / step` → highest level reached and why. */
export type KnownDifferences = Readonly<Record<string, { readonly level: Level | "none"; readonly why: string }>>;

/**
 * The exact list: a step that is not in it reaches `body`, and one that is in it reaches exactly the level named here.
 */
export const KNOWN_DIFFERENCES: KnownDifferences = {};
