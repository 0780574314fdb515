import { LiteralIndex, type LiteralRules } from "./literal-index.ts";
import {
  hasWildcardSegment,
  isUsablePattern,
  literalPrefix,
  matchesSegments,
  startsWith,
  trimmedLength,
} from "./matches-segments.ts";

const pathRules: LiteralRules = { lengthOf: trimmedLength, ignoresCase: false };

/**
 * Says which entries of a list of paths match a path.
 *
 * In an entry a segment `\u22ef` stands for exactly one segment, `*` as the last segment for one or more, `*` before that for zero or
 * more. So `/etc/*` matches what is below `/etc`, not `/etc`; only the entry `*` matches `/`. Slashes at the end do not count; an
 * empty path matches nothing and an empty entry is not matched. A path beyond 32,768 characters is matched by literals only, an
 * entry of more than 256 segments with a wildcard matches nothing.
 *
 * The list is kept, not copied, and must not change. Nothing is computed before the first question; patterns are looked at only
 * when no literal matched.
 *
 * Cost of a question: no allocation; one pass over the path for all literals together, then at most (segments of the path) x
 * (segments of the entry) for each entry with wildcards, most of which end at the first segment that differs. Memory: the list,
 * 4 bytes an entry (8 beyond 65,534 entries).
 *
 * @see reference: kubescape/storage, `pkg/registry/file/dynamicpathdetector`
 *
 * @public
 */
export class PathMatcher {
  readonly #entries: readonly string[];
  #literals: LiteralIndex | undefined = undefined;
  #wildcards: readonly number[] = [];
  /** What stands before the first wildcard of each; rules most entries out by one native comparison. */
  #prefixes: readonly string[] = [];

  constructor(entries: readonly string[]) {
    this.#entries = entries;
  }

  /** True when an entry matches. */
  matches(path: string): boolean {
    if (path === "") return false;
    const literals = this.#literals ?? this.#prepare();
    return literals.next(path, 0) !== -1 || this.#nextWildcard(path, 0) !== -1;
  }

  /**
   * Position in the list of the first entry at or after `from` that matches; -1 when there is none. For callers that also ask
   * what else the entry says, e.g. its flags: go on with `from` one behind the answer.
   */
  nextMatch(path: string, from: number): number {
    if (path === "") return -1;
    const literals = this.#literals ?? this.#prepare();
    const literal = literals.next(path, from);
    const wildcard = this.#nextWildcard(path, from);
    if (literal === -1 || (wildcard !== -1 && wildcard < literal)) return wildcard;
    return literal;
  }

  #nextWildcard(path: string, from: number): number {
    for (let at = 0; at < this.#wildcards.length; at += 1) {
      const position = this.#wildcards[at]!;
      if (position < from) continue;
      const prefix = this.#prefixes[at]!;
      if (!startsWith(path, prefix)) continue;
      if (matchesSegments(this.#entries[position]!, prefix.length, path, prefix.length)) return position;
    }
    return -1;
  }

  #prepare(): LiteralIndex {
    const literals: number[] = [];
    const wildcards: number[] = [];
    for (let position = 0; position < this.#entries.length; position += 1) {
      const entry = this.#entries[position]!;
      if (entry === "") continue;
      if (!hasWildcardSegment(entry)) literals.push(position);
      else if (isUsablePattern(entry)) wildcards.push(position);
    }
    this.#wildcards = wildcards.slice();
    this.#prefixes = wildcards.map((position) => literalPrefix(this.#entries[position]!));
    this.#literals = new LiteralIndex(this.#entries, literals, pathRules);
    return this.#literals;
  }
}
