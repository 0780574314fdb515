import { anyCharacter, isAscii, maxSearchedLiteral } from "./folded-text.ts";

/**
 * A pattern that is nothing but literals with gaps (`.*`, `.+`) between them: `gaps[i]` stands before `literals[i]`, the last
 * one after all. -1 is no gap, 0 is `.*`, 1 is `.+`. Gaps inside are never -1; literals are lower case and not empty.
 *
 * @internal
 */
export interface PlainSequence {
  readonly literals: readonly string[];
  readonly gaps: readonly number[];
  /** Began with `^`, ended with `$`: only told apart where a pattern may match a part of the text. */
  readonly atStart: boolean;
  readonly atEnd: boolean;
  /** A literal holds {@link anyCharacter}. */
  readonly hasAny: boolean;
}

/** What groups and optional parts may multiply out to; a plain list of alternatives may be longer. */
const maxProduct = 64;
/** Also bounds the depth of the recursion below. */
const maxGroupDepth = 8;

/** Tokens of a sequence before it is normalised: a literal, or one of these. */
const gapAny = "\u0000*";
const gapSome = "\u0000+";
const startAnchor = "\u0000^";
const endAnchor = "\u0000$";

type Sequence = readonly string[];

/**
 * Takes a pattern in RE2 syntax apart into plain sequences, any of which may match.
 *
 * Understood: ASCII literals and escaped punctuation, `.`, `.*`, `.+`, `|`, groups without a name, `?` after a literal character or
 * group, `^` and `$` at the ends, `(?i)` in front. Linear in the pattern, but for products, which are bounded.
 *
 * @returns undefined for everything else: the pattern engine then decides, also whether it is a pattern at all.
 *
 * @internal
 */
export function parsePlainPattern(source: string): readonly PlainSequence[] | undefined {
  if (!isAscii(source) || /[\u0000\u0001]/.test(source)) return undefined;
  const text = source.startsWith("(?i)") ? source.slice(4) : source;
  const reader = new PlainReader(text);
  const sequences = reader.readAlternatives(0);
  if (sequences === undefined || reader.position !== text.length) return undefined;
  const plain: PlainSequence[] = [];
  for (const sequence of sequences) {
    const normal = normalise(sequence);
    if (normal === undefined) return undefined;
    plain.push(normal);
  }
  return plain;
}

class PlainReader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Up to a closing parenthesis or the end. */
  readAlternatives(depth: number): readonly Sequence[] | undefined {
    if (depth > maxGroupDepth) return undefined;
    const all: Sequence[] = [];
    for (;;) {
      const sequences = this.#readSequences(depth);
      if (sequences === undefined) return undefined;
      for (const sequence of sequences) all.push(sequence);
      if (this.text[this.position] !== "|") return all;
      this.position++;
    }
  }

  #readSequences(depth: number): readonly Sequence[] | undefined {
    let sequences: readonly Sequence[] = [[]];
    while (this.position < this.text.length) {
      const character = this.text[this.position];
      if (character === "|" || character === ")") break;
      const item = this.#readItem(depth);
      if (item === undefined) return undefined;
      const isFirst = sequences.length === 1 && sequences[0]?.length === 0;
      if (!isFirst && sequences.length * item.length > maxProduct) return undefined;
      sequences = isFirst ? item : product(sequences, item);
    }
    return sequences;
  }

  /** One literal character, gap, anchor or group, with a `?` behind it; as alternatives. */
  #readItem(depth: number): readonly Sequence[] | undefined {
    const character = this.text[this.position++];
    switch (character) {
      case ".":
        return this.#readDot();
      case "(":
        return this.#readGroup(depth);
      case "^":
        return [[startAnchor]];
      case "$":
        return [[endAnchor]];
      case "\\":
        return this.#readEscape();
      case "[":
      case "*":
      case "+":
      case "?":
      case "{":
      case "\n":
      case undefined:
        return undefined;
      default:
        return this.#readQuantifier([[character]]);
    }
  }

  #readDot(): readonly Sequence[] | undefined {
    const quantifier = this.text[this.position];
    if (quantifier !== "*" && quantifier !== "+") return this.#readQuantifier([[anyCharacter]]);
    this.position++;
    // A lazy gap matches the same texts.
    if (this.text[this.position] === "?") this.position++;
    if (this.#isAtQuantifier()) return undefined;
    return [[quantifier === "*" ? gapAny : gapSome]];
  }

  #readGroup(depth: number): readonly Sequence[] | undefined {
    if (this.text.startsWith("?:", this.position)) this.position += 2;
    else if (this.text[this.position] === "?") return undefined;
    const inner = this.readAlternatives(depth + 1);
    if (inner === undefined || this.text[this.position++] !== ")") return undefined;
    return this.#readQuantifier(inner);
  }

  #readEscape(): readonly Sequence[] | undefined {
    const escaped = this.text[this.position++];
    // Letters and digits name classes and the like; punctuation stands for itself.
    if (escaped === undefined || /[\w\n]/.test(escaped)) return undefined;
    return this.#readQuantifier([[escaped]]);
  }

  #readQuantifier(item: readonly Sequence[]): readonly Sequence[] | undefined {
    if (!this.#isAtQuantifier()) return item;
    if (this.text[this.position] !== "?") return undefined;
    this.position++;
    return this.#isAtQuantifier() ? undefined : [...item, []];
  }

  #isAtQuantifier(): boolean {
    const next = this.text[this.position];
    return next === "*" || next === "+" || next === "?" || next === "{";
  }
}

function product(left: readonly Sequence[], right: readonly Sequence[]): readonly Sequence[] {
  const first = right[0];
  // The usual case, a literal character: extended in place, so that a long literal costs linear time.
  if (right.length === 1 && first !== undefined) {
    for (const sequence of left) (sequence as string[]).push(...first);
    return left;
  }
  return left.flatMap((start) => right.map((end) => [...start, ...end]));
}

/** Joins literals and gaps; undefined when an anchor is not at its end or a literal is too long to be searched for. */
function normalise(sequence: Sequence): PlainSequence | undefined {
  let from = 0;
  let to = sequence.length;
  while (sequence[from] === startAnchor) from++;
  while (to > from && sequence[to - 1] === endAnchor) to--;
  const literals: string[] = [];
  const gaps: number[] = [];
  let gap = -1;
  let literal = "";
  for (let index = from; index < to; index++) {
    const token = sequence[index] as string;
    if (token === startAnchor || token === endAnchor) return undefined;
    if (token !== gapAny && token !== gapSome) {
      literal += token.toLowerCase();
      continue;
    }
    if (literal !== "") {
      gaps.push(gap);
      literals.push(literal);
      literal = "";
      gap = -1;
    }
    // `.+.+` would ask for two characters, which are not always two code units.
    if (token === gapSome && gap === 1) return undefined;
    gap = Math.max(gap, token === gapSome ? 1 : 0);
  }
  if (literal !== "") {
    gaps.push(gap);
    literals.push(literal);
    gap = -1;
  }
  gaps.push(gap);
  if (literals.length > 1 && literals.some((item) => item.length > maxSearchedLiteral)) return undefined;
  if (
    literals.length === 1 &&
    gaps[0] !== -1 &&
    gaps[1] !== -1 &&
    (literals[0] as string).length > maxSearchedLiteral
  ) {
    return undefined;
  }
  const hasAny = literals.some((item) => item.includes(anyCharacter));
  return { literals, gaps, atStart: from > 0, atEnd: to < sequence.length, hasAny };
}
