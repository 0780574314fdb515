import type { GroupCompiler } from "./group-compiler.ts";
import type { TextTest } from "./text-test.ts";

/**
 * Looks for entries of a map of which key and value match; an undefined test is anything. `forEach` with a function made once
 * allocates nothing, which the iterators of a Map do.
 *
 * @internal
 */
export class EntrySearch {
  readonly #key: TextTest | undefined;
  readonly #value: TextTest | undefined;
  #isFound = false;
  readonly #visit = (value: string, key: string): void => {
    if (this.#isFound) return;
    this.#isFound = (this.#key === undefined || this.#key(key)) && (this.#value === undefined || this.#value(value));
  };

  constructor(key: TextTest | undefined, value: TextTest | undefined) {
    this.#key = key;
    this.#value = value;
  }

  isIn(map: ReadonlyMap<string, string>): boolean {
    this.#isFound = false;
    map.forEach(this.#visit);
    return this.#isFound;
  }
}

/** The entries that a group names: `key=value`, or only a key. */
function entrySearches(group: GroupCompiler): readonly EntrySearch[] {
  return group.parsed.map((parsed, index) => {
    let parts: readonly string[] = [];
    if (parsed.kind === "parts") parts = parsed.parts;
    else if (parsed.kind === "text") {
      const end = parsed.text.indexOf("=");
      parts = end < 0 ? [parsed.text] : [parsed.text.slice(0, end), parsed.text.slice(end + 1)];
    } else group.reject(index);
    return new EntrySearch(group.part(index, parts[0] ?? ""), group.part(index, parts[1] ?? ""));
  });
}

/**
 * Violated when what is required is missing: with OR when no entry is there, with AND when any one is missing (the reference: when
 * none is there, too).
 *
 * @internal
 */
export function lacksRequired(group: GroupCompiler): (map: ReadonlyMap<string, string>) => boolean {
  const searches = entrySearches(group);
  const asksForEach = group.group.booleanOperator === "AND" && group.options.requireEach;
  return asksForEach ? (map) => !areAllIn(searches, map) : (map) => !isAnyIn(searches, map);
}

/** Violated when what is disallowed is there: with OR any entry, with AND each of them. @internal */
export function hasDisallowed(group: GroupCompiler): (map: ReadonlyMap<string, string>) => boolean {
  const searches = entrySearches(group);
  return group.group.booleanOperator === "AND" ? (map) => areAllIn(searches, map) : (map) => isAnyIn(searches, map);
}

function isAnyIn(searches: readonly EntrySearch[], map: ReadonlyMap<string, string>): boolean {
  for (let index = 0; index < searches.length; index++) if ((searches[index] as EntrySearch).isIn(map)) return true;
  return false;
}

function areAllIn(searches: readonly EntrySearch[], map: ReadonlyMap<string, string>): boolean {
  for (let index = 0; index < searches.length; index++) if (!(searches[index] as EntrySearch).isIn(map)) return false;
  return true;
}
