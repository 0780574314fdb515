/** Asked for every rule and event with a path; budget: 0 allocations. */

const slash = 47;
/** A node: where to look, by how many bits to shift what is there, then a cell for each value of the five bits that are left. */
const cells = 32;
/** Five bits at each of these are all 16 of a character: two different ones differ in one of the windows. */
const shifts = [0, 4, 8, 11] as const;
const nothing = 0x7fffffff;

/**
 * Which of many prefixes a path lies below, told without comparing it with each.
 *
 * With a slash at the end of each, and without those below others, no prefix begins with another one: at most one can fit. Which one, a few
 * characters of the path tell (a tree over the characters that tell the prefixes apart); only that one is compared.
 *
 * Cost: a character looked at for each level of the tree (one or two for tens of prefixes), then at most one comparison; no allocation. Up to
 * 136 bytes a prefix.
 *
 * @internal
 */
export class PrefixSet {
  /** Without slash at the end; the root is empty. */
  readonly #prefixes: readonly string[];
  /** A cell holds where a node begins (>= 0), or ~index of a prefix, or `nothing`. */
  readonly #nodes: Int32Array;
  readonly #root: number;

  /** @param prefixes - normal paths without slash at their end; the root is the empty text. */
  constructor(prefixes: readonly string[]) {
    const sorted = [...new Set(prefixes)].sort((one, other) => one.length - other.length);
    const kept = new Set<string>();
    for (const prefix of sorted) if (!isCovered(kept, prefix)) kept.add(prefix);
    this.#prefixes = [...kept];
    const tree = new Tree(this.#prefixes.map((prefix) => `${prefix}/`));
    this.#root = tree.add(this.#prefixes.map((_, index) => index));
    this.#nodes = Int32Array.from(tree.nodes);
  }

  /** True when the path is one of the prefixes or lies below one; a prefix ends at a segment of the path. */
  covers(path: string): boolean {
    const nodes = this.#nodes;
    const { length } = path;
    let at = this.#root;
    while (at >= 0) {
      if (at === nothing) return false;
      const position = nodes[at]!; // A node has its two first numbers.
      let code = slash;
      if (position < length) code = path.charCodeAt(position);
      else if (position > length) return false;
      // Five bits, so within the cells of the node.
      at = nodes[at + 2 + ((code >> nodes[at + 1]!) & (cells - 1))]!;
    }
    return isBelow(path, this.#prefixes[~at]!); // ~at is an index that the tree was made of.
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

function isCovered(kept: ReadonlySet<string>, prefix: string): boolean {
  if (kept.has("")) return true;
  for (let end = prefix.indexOf("/", 1); end > 0; end = prefix.indexOf("/", end + 1)) {
    if (kept.has(prefix.slice(0, end))) return true;
  }
  return false;
}

/** Positions that are compared for the best one: what a thousand prefixes made to be slow can cost stays below a second. */
const maxCandidates = 32;

/** Built once for a rule. */
class Tree {
  readonly nodes: number[] = [];
  readonly #texts: readonly string[];

  /** @param texts - none of which begins with another one. */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /**
   * @param from - up to here they are all the same.
   * @returns what a cell holds that leads to these.
   */
  add(indexes: readonly number[], from = 0): number {
    const [first] = indexes;
    if (first === undefined) return nothing;
    if (indexes.length === 1) return ~first;
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
