/**
 * What came of composing: a profile came, changed or went (`changed`), nothing did (`unchanged`), the learned one is not final
 * (`not_final`), nothing exists (`not_found`), the new version does not fit into the cache (`no_room`), or objects are still being
 * fetched (`waiting`).
 *
 * @internal
 */
export type ComposeResult = "changed" | "unchanged" | "not_final" | "not_found" | "no_room" | "waiting";
