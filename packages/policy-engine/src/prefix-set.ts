/** Asked for every rule and event with a path; budget: 0 allocations. */

const slash = 47;
/** A node: where to look, by how many bits to shift what is there, then a cell for each value of the five bits that are left. */
const cells = 32;
/** Five bits at each of these are all 16 of a character: two different ones differ in one of the windows. */
const shifts = [0, 4, 8, 11] as const;
/** In a cell: the leaf that no path is as long as. */
const nothing = ~0;

/**
 * Which of many prefixes a path lies below, told without comparing it with each.
 *
 * With a slash at the end of each, and without those below others, no prefix begins with another one: at most one can fit. Which one, a few
 * characters of the path tell (a tree over the characters that tell the prefixes apart); only that one is compared. The exceptions below a prefix
 * are a tree of their own behind it.
 *
 * Cost: a character looked at for each level of the tree (one or two for tens of prefixes), then at most one comparison, and the same again below
 * a prefix with exceptions; no allocation. Up to 160 bytes a prefix and three times its text.
 *
 * @internal
 */
export class PrefixSet {
  /** Without slash at the end; the root is empty. */
  readonly #prefixes: readonly string[];
  /** Each with a slash at its end: of the texts that begin so the first. */
  readonly #firsts: readonly string[];
  /** Each with the character that comes after the slash: the first text behind those. */
  readonly #ends: readonly string[];
  /**
   * A cell holds where a node begins (>= 0), or ~where a leaf does. A leaf: length of the prefix, its index, its characters 0 to 4, two in a
   * number, and, as in a cell, the tree of its exceptions.
   */
  readonly #nodes: Int32Array;
  readonly #root: number;

  /**
   * Normal paths without slash at their end; the root is the empty text.
   *
   * @param exceptions - neither they nor what lies below them is covered.
   */
  constructor(prefixes: readonly string[], exceptions: readonly string[] = []) {
    const without = outermost(exceptions);
    const covering = outermost(prefixes.filter((prefix) => coverOf(without, prefix) === undefined));
    this.#prefixes = [...covering, ...without];
    // Joined, because what `+` makes is two pieces, and reading those takes longer.
    this.#firsts = this.#prefixes.map((prefix) => [prefix, "/"].join(""));
    this.#ends = this.#prefixes.map((prefix) => [prefix, "0"].join(""));
    const indexes = new Map(this.#prefixes.map((prefix, index) => [prefix, index]));
    const below: number[][] = this.#prefixes.map(() => []);
    for (const exception of without) {
      const cover = coverOf(covering, exception);
      // Where nothing is covered no exception is needed.
      if (cover !== undefined) below[indexes.get(cover)!]!.push(indexes.get(exception)!);
    }
    const tree = new Tree(this.#firsts, below);
    this.#root = tree.add([...covering.keys()].map((prefix) => indexes.get(prefix)!));
    this.#nodes = Int32Array.from(tree.nodes);
  }

  /**
   * True when the path is one of the prefixes or lies below one, and not below an exception; a prefix ends at a segment of the path.
   *
   * All in one function, and short, so that it is inlined where it is called: its bytecode is 432 of the 460 bytes that V8 inlines, and a call costs
   * 3 ns (Node 26).
   */
  covers(path: string): boolean {
    const nodes = this.#nodes;
    const { length } = path;
    let isCovered = false;
    for (let at = this.#root; ; isCovered = !isCovered) {
      while (at >= 0) {
        const position = nodes[at]!; // A node has its two first numbers.
        let code = slash;
        if (position < length) code = path.charCodeAt(position);
        else if (position > length) return isCovered;
        // Five bits, so within the cells of the node.
        at = nodes[at + 2 + ((code >> nodes[at + 1]!) & (cells - 1))]!;
      }
      const leaf = ~at;
      const end = nodes[leaf]!; // A leaf has all its numbers.
      if (length > end) {
        // Most paths have no slash there.
        if (path.charCodeAt(end) !== slash) return isCovered;
        if (end >= 3 && end <= 5) {
          // `/etc`, `/proc`: the characters are read in half the time of a comparison of texts. The fourth is the slash at the least.
          if ((path.charCodeAt(0) | (path.charCodeAt(1) << 16)) !== nodes[leaf + 2]!) return isCovered;
          if ((path.charCodeAt(2) | (path.charCodeAt(3) << 16)) !== nodes[leaf + 3]!) return isCovered;
          if (end === 5 && path.charCodeAt(4) !== nodes[leaf + 4]!) return isCovered;
        } else {
          // `startsWith` takes 2 ns for each character (Node 26); the order of two texts is told many characters at once.
          const index = nodes[leaf + 1]!;
          if (path < this.#firsts[index]! || path >= this.#ends[index]!) return isCovered;
        }
      } else if (length < end || path !== this.#prefixes[nodes[leaf + 1]!]) return isCovered;
      at = nodes[leaf + 5]!;
      if (at === nothing) return !isCovered;
    }
  }
}

/**
 * `prefix` has no slash at its end; the root is empty. Where the prefix would end is looked at first: most paths have no slash there, and comparing
 * texts costs ten times as much (Node 26).
 *
 * @internal
 */
export function isBelow(path: string, prefix: string): boolean {
  const end = prefix.length;
  if (path.length === end) return path === prefix;
  return path.length > end && path.charCodeAt(end) === slash && path.startsWith(prefix);
}

/** Without those below others. */
function outermost(prefixes: readonly string[]): ReadonlySet<string> {
  const kept = new Set<string>();
  const sorted = [...new Set(prefixes)].sort((one, other) => one.length - other.length);
  for (const prefix of sorted) if (coverOf(kept, prefix) === undefined) kept.add(prefix);
  return kept;
}

/** Which of them the path is or lies below. */
function coverOf(prefixes: ReadonlySet<string>, path: string): string | undefined {
  if (prefixes.has("")) return "";
  for (let end = path.indexOf("/", 1); end > 0; end = path.indexOf("/", end + 1)) {
    const above = path.slice(0, end);
    if (prefixes.has(above)) return above;
  }
  return prefixes.has(path) ? path : undefined;
}

/** Positions that are compared for the best one: what a thousand prefixes made to be slow can cost stays below a second. */
const maxCandidates = 32;

/** Built once for a rule. */
class Tree {
  /** At the beginning the leaf for `nothing`. */
  readonly nodes: number[] = [0x7fffffff, -1, 0, 0, 0, nothing];
  readonly #texts: readonly string[];
  readonly #below: readonly (readonly number[])[];

  /**
   * @param texts - each with a slash at its end.
   * @param below - by index of a text those of its exceptions.
   */
  constructor(texts: readonly string[], below: readonly (readonly number[])[]) {
    this.#texts = texts;
    this.#below = below;
  }

  /**
   * @param indexes - of texts of which none begins with another one.
   * @param from - up to here they are all the same.
   * @returns what a cell holds that leads to these.
   */
  add(indexes: readonly number[], from = 0): number {
    const [first] = indexes;
    if (first === undefined) return nothing;
    if (indexes.length === 1) return this.#addLeaf(first);
    const split = this.#bestSplit(indexes, from);
    const groups = new Map<number, number[]>();
    for (const index of indexes) {
      const cell = this.#cellOf(index, split.position, split.shift);
      const group = groups.get(cell);
      if (group === undefined) groups.set(cell, [index]);
      else group.push(index);
    }
    const node = this.nodes.length;
    this.nodes.push(split.position, split.shift);
    for (let cell = 0; cell < cells; cell++) this.nodes.push(nothing);
    for (const [cell, group] of groups) this.nodes[node + 2 + cell] = this.add(group, split.from);
    return node;
  }

  #addLeaf(index: number): number {
    const text = this.#texts[index]!; // An index of #texts.
    const code = (position: number): number => (position < text.length ? text.charCodeAt(position) : 0);
    const leaf = this.nodes.length;
    this.nodes.push(text.length - 1, index, code(0) | (code(1) << 16), code(2) | (code(3) << 16), code(4), nothing);
    this.nodes[leaf + 5] = this.add(this.#below[index]!);
    return ~leaf;
  }

  /** Where they fall into the most groups; of equals the first. There is one with two, because none begins with another one. */
  #bestSplit(
    indexes: readonly number[],
    from: number,
  ): { readonly position: number; readonly shift: number; readonly from: number } {
    let end = Number.POSITIVE_INFINITY;
    for (const index of indexes) end = Math.min(end, this.#texts[index]!.length);
    const best = { position: from, shift: 0, groups: 1, from: -1 };
    for (let position = from, candidates = 0; position < end && candidates < maxCandidates; position++) {
      let isCandidate = false;
      for (const shift of shifts) {
        let seen = 0;
        for (const index of indexes) seen |= 1 << this.#cellOf(index, position, shift);
        const groups = bitsIn(seen);
        if (groups > 1) isCandidate = true;
        if (groups > best.groups) Object.assign(best, { position, shift, groups });
      }
      if (!isCandidate) continue;
      if (candidates++ === 0) best.from = position;
    }
    return best;
  }

  #cellOf(index: number, position: number, shift: number): number {
    return (this.#texts[index]!.charCodeAt(position) >> shift) & (cells - 1); // An index of #texts.
  }
}

function bitsIn(word: number): number {
  let count = 0;
  for (let left = word; left !== 0; left &= left - 1) count++;
  return count;
}
