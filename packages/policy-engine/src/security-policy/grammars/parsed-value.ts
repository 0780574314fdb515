/**
 * A value after its grammar has read it. `text` is present where patterns are possible: which form (prefix `r/`, quotes …) is
 * the matcher's business.
 *
 * @public
 */
export type ParsedValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly comparator: Comparator; readonly value: number }
  /** `rank` is the position in the grammar's order, lowest first; 0 when the order means nothing. */
  | { readonly kind: "name"; readonly comparator: Comparator; readonly name: string; readonly rank: number }
  /** Parts of key=value, source=key=value, instruction=text; an empty part means anything. */
  | { readonly kind: "parts"; readonly parts: readonly string[] };

/** `=` when the value has none. @public */
export type Comparator = "=" | "<" | ">" | "<=" | ">=";
