/** Distinct texts of all lists in the order of UTF-16 code units, which no locale changes. @internal */
export function sortedUnion(lists: readonly (readonly string[])[]): readonly string[] {
  const texts = new Set<string>();
  for (const list of lists) for (const text of list) texts.add(text);
  return [...texts].sort();
}

/** The base with the texts that it has not, in the order given; the base itself when there are none. @internal */
export function appendNew(base: readonly string[], added: readonly string[]): readonly string[] {
  if (added.length === 0) return base;
  const texts = new Set(base);
  for (const text of added) texts.add(text);
  return texts.size === base.length ? base : [...texts];
}

/** As {@link appendNew}, for JSON values that the same code made (their members stand in one order). @internal */
export function appendNewItems<T>(base: readonly T[], added: readonly T[]): readonly T[] {
  if (added.length === 0) return base;
  const known = new Set(base.map((item) => JSON.stringify(item)));
  const fresh = added.filter((item) => {
    const key = JSON.stringify(item);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  return fresh.length === 0 ? base : [...base, ...fresh];
}

/**
 * Puts the items with equal keys together.
 *
 * @returns one item a key, in the order of the keys.
 *
 * @internal
 */
export function uniteBy<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  unite: (group: readonly T[]) => T,
): readonly T[] {
  // Nearly every item is alone: it is its own group until a second one comes, which spares a list for each of 20,000.
  const groups = new Map<string, T | Group<T>>();
  for (const item of items) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, item);
    else if (known instanceof Group) known.items.push(item);
    else groups.set(key, new Group([known, item]));
  }
  const keys = [...groups.keys()].sort();
  return keys.map((key) => {
    const known = groups.get(key)!; // one of its keys
    return unite(known instanceof Group ? known.items : [known]);
  });
}

/** More than one item of a key. */
class Group<T> {
  readonly items: T[];

  constructor(items: T[]) {
    this.items = items;
  }
}
