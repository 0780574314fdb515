import { sortedUnion } from "./unions.ts";

const NO_TEXTS: readonly string[] = [];

/** Makes unions of lists so that equal ones exist once: the flags of 2,000 opened files are a handful of lists. @internal */
export class ListPool {
  readonly #lists = new Map<string, readonly string[]>();

  /** Distinct texts of all lists, sorted. */
  union(lists: readonly (readonly string[])[]): readonly string[] {
    const texts = sortedUnion(lists);
    if (texts.length === 0) return NO_TEXTS;
    const key = JSON.stringify(texts);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    this.#lists.set(key, texts);
    return texts;
  }
}
