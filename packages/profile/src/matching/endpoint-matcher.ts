import { LiteralIndex, type LiteralRules } from "./literal-index.ts";
import {
  hasWildcardSegment,
  isUsablePattern,
  literalPrefix,
  matchesSegments,
  startsWith,
  trimmedLength,
} from "./matches-segments.ts";

const endpointRules: LiteralRules = { lengthOf: trimmedLength, ignoresCase: false };
const ANY_PORT = ":0";

/**
 * Says which entries of a list of HTTP endpoints (`:port/path`) match an endpoint.
 *
 * The path's wildcards are those of `PathMatcher`; port 0 in an entry is any port. Slashes at the end do not count. The rest is as
 * `PathMatcher` says: laziness, limits, cost.
 *
 * @public
 */
export class EndpointMatcher {
  readonly #entries: readonly string[];
  #literals: LiteralIndex | undefined = undefined;
  #wildcards: readonly number[] = [];
  /** What stands before the first wildcard of each; rules most entries out by one native comparison. */
  #prefixes: readonly string[] = [];

  constructor(entries: readonly string[]) {
    this.#entries = entries;
  }

  /** True when an entry matches. */
  matches(endpoint: string): boolean {
    if (endpoint === "") return false;
    const literals = this.#literals ?? this.#prepare();
    return literals.next(endpoint, 0) !== -1 || this.#nextWildcard(endpoint, 0) !== -1;
  }

  /** Position of the first entry at or after `from` that matches; -1 when there is none. */
  nextMatch(endpoint: string, from: number): number {
    if (endpoint === "") return -1;
    const literals = this.#literals ?? this.#prepare();
    const literal = literals.next(endpoint, from);
    const wildcard = this.#nextWildcard(endpoint, from);
    if (literal === -1 || (wildcard !== -1 && wildcard < literal)) return wildcard;
    return literal;
  }

  #nextWildcard(endpoint: string, from: number): number {
    for (let at = 0; at < this.#wildcards.length; at += 1) {
      const position = this.#wildcards[at]!;
      const prefix = this.#prefixes[at]!;
      if (position < from || !startsWith(endpoint, prefix)) continue;
      const entry = this.#entries[position]!;
      if (!hasAnyPort(entry)) {
        if (matchesSegments(entry, prefix.length, endpoint, prefix.length)) return position;
      } else {
        const pathAt = endpoint.indexOf("/");
        const pathStart = pathAt === -1 ? endpoint.length + 1 : pathAt + 1;
        if (matchesSegments(entry, ANY_PORT.length + 1, endpoint, pathStart)) return position;
      }
    }
    return -1;
  }

  #prepare(): LiteralIndex {
    const literals: number[] = [];
    const wildcards: number[] = [];
    for (let position = 0; position < this.#entries.length; position += 1) {
      const entry = this.#entries[position]!;
      if (entry === "") continue;
      if (!hasAnyPort(entry) && !hasWildcardSegment(entry)) literals.push(position);
      else if (isUsablePattern(entry)) wildcards.push(position);
    }
    this.#wildcards = wildcards.slice();
    this.#prefixes = wildcards.map((position) =>
      hasAnyPort(this.#entries[position]!) ? ":" : literalPrefix(this.#entries[position]!),
    );
    this.#literals = new LiteralIndex(this.#entries, literals, endpointRules);
    return this.#literals;
  }
}

function hasAnyPort(entry: string): boolean {
  return entry.startsWith(":0/") || entry === ANY_PORT;
}
