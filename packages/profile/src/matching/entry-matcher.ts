import { LiteralIndex, type LiteralRules } from "./literal-index.ts";
import { startsWith } from "./matches-segments.ts";

const none: readonly never[] = [];

/**
 * What the matchers of lists have in common: literals are found in one pass over the value, patterns are looked at one by one after
 * that.
 *
 * The list is kept, not copied, and must not change; nothing is computed before the first question.
 *
 * @public
 */
export abstract class EntryMatcher {
  readonly #entries: readonly string[];
  #literals: LiteralIndex | undefined = undefined;
  /** Positions of the entries with wildcards, ascending. */
  #patterns: readonly number[] = none;
  /** What each of them begins with; rules most out by one native comparison. */
  #prefixes: readonly string[] = none;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
  }

  /** True when an entry matches. */
  matches(value: string): boolean {
    if (value === "") return false;
    const literals = this.#literals ?? this.#prepare();
    return literals.next(value, 0) !== -1 || this.#nextPattern(value, 0) !== -1;
  }

  /**
   * Position in the list of the first entry at or after `from` that matches; -1 when there is none. For callers that also ask
   * what else the entry says, e.g. its flags: go on with `from` one behind the answer.
   */
  nextMatch(value: string, from: number): number {
    if (value === "") return -1;
    const literals = this.#literals ?? this.#prepare();
    const literal = literals.next(value, from);
    const pattern = this.#nextPattern(value, from);
    if (literal === -1 || (pattern !== -1 && pattern < literal)) return pattern;
    return literal;
  }

  /** How literals are compared. @internal */
  protected abstract literalRules(): LiteralRules;

  /** What an entry is; `unusable`: it matches nothing. @internal */
  protected abstract kindOf(entry: string): "literal" | "pattern" | "unusable";

  /** What every value that the pattern matches begins with. @internal */
  protected abstract prefixOf(pattern: string): string;

  /** @param at - which pattern it is, counted from 0; @param prefixLength - so much of the value is known to match. @internal */
  protected abstract matchesPattern(pattern: string, prefixLength: number, value: string, at: number): boolean;

  #nextPattern(value: string, from: number): number {
    const patterns = this.#patterns;
    for (let at = 0; at < patterns.length; at += 1) {
      const position = patterns[at]!;
      if (position < from) continue;
      const prefix = this.#prefixes[at]!;
      if (!startsWith(value, prefix)) continue;
      if (this.matchesPattern(this.#entries[position]!, prefix.length, value, at)) return position;
    }
    return -1;
  }

  #prepare(): LiteralIndex {
    const literals: number[] = [];
    const patterns: number[] = [];
    for (let position = 0; position < this.#entries.length; position += 1) {
      const kind = this.kindOf(this.#entries[position]!);
      if (kind === "literal") literals.push(position);
      else if (kind === "pattern") patterns.push(position);
    }
    if (patterns.length > 0) {
      // Without the room that a list keeps for more.
      this.#patterns = patterns.slice();
      this.#prefixes = patterns.map((position) => this.prefixOf(this.#entries[position]!));
    }
    this.#literals = new LiteralIndex(this.#entries, literals, this.literalRules());
    return this.#literals;
  }
}
