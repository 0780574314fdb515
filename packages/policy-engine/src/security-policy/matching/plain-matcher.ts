import { endsWithFolded, equalsFolded, foldLongText, indexOfFolded, startsWithFolded } from "./folded-text.ts";
import type { PlainSequence } from "./plain-pattern.ts";
import type { TextTest } from "./text-test.ts";

/** From this many equal-length-indexed literals on, an index by length is quicker than trying each. */
const minIndexed = 8;

/**
 * Tests a whole text against sequences, any of which may match. The tests allocate nothing.
 *
 * @internal
 */
export function matchWholeText(sequences: readonly PlainSequence[]): TextTest {
  return countingCharacters(sequences, matchWhole(sequences));
}

function matchWhole(sequences: readonly PlainSequence[]): TextTest {
  const literals: string[] = [];
  const others: PlainSequence[] = [];
  for (const sequence of sequences) {
    const literal = literalOf(sequence);
    if (literal === undefined) others.push(sequence);
    else literals.push(literal);
  }
  if (others.length === 0) return matchLiterals(literals);
  const only = others[0];
  if (literals.length === 0 && others.length === 1 && only !== undefined) {
    return (text) => matchesWhole(foldLongText(text), only);
  }
  const isLiteral = matchLiterals(literals);
  return (given) => {
    const text = foldLongText(given);
    if (isLiteral(text)) return true;
    for (let index = 0; index < others.length; index++) {
      if (matchesWhole(text, others[index] as PlainSequence)) return true;
    }
    return false;
  };
}

/**
 * Tests whether a part of the text matches. Gaps do not cross line ends, so texts of several lines are tested line by line (the
 * only case that allocates).
 *
 * @internal
 */
export function matchPartOfText(sequences: readonly PlainSequence[]): TextTest {
  const inLines = sequences.map(openEnds);
  return countingCharacters(sequences, (given) => {
    const text = foldLongText(given);
    if (!text.includes("\n")) return matchesAny(text, sequences, inLines, true, true);
    const lines = text.split("\n");
    for (let index = 0; index < lines.length; index++) {
      const isLast = index === lines.length - 1;
      if (matchesAny(lines[index] as string, sequences, inLines, index === 0, isLast)) return true;
    }
    return false;
  });
}

/**
 * `.` is one character, which may be two code units. As no literal holds such a character, any other one can stand in for it; that
 * costs a copy, but only of texts that have one.
 */
function countingCharacters(sequences: readonly PlainSequence[], test: TextTest): TextTest {
  if (!sequences.some((sequence) => sequence.hasAny)) return test;
  return (text) => test(hasSurrogate(text) ? text.replaceAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, "\uE000") : text);
}

function hasSurrogate(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdfff) return true;
  }
  return false;
}

function matchesAny(
  line: string,
  sequences: readonly PlainSequence[],
  inLines: readonly PlainSequence[],
  isFirst: boolean,
  isLast: boolean,
): boolean {
  for (let index = 0; index < sequences.length; index++) {
    const sequence = sequences[index] as PlainSequence;
    if ((sequence.atStart && !isFirst) || (sequence.atEnd && !isLast)) continue;
    if (matchesWhole(line, inLines[index] as PlainSequence)) return true;
  }
  return false;
}

/** What may stand before and after a part is anything; but a gap that asks for a character keeps asking for it. */
function openEnds(sequence: PlainSequence): PlainSequence {
  const gaps = [...sequence.gaps];
  const last = gaps.length - 1;
  // Without literals one gap is both ends: open unless both are anchored.
  if (last === 0) {
    const isClosed = sequence.atStart && sequence.atEnd;
    return isClosed ? sequence : { ...sequence, gaps: [Math.max(gaps[0] as number, 0)] };
  }
  if (!sequence.atStart) gaps[0] = Math.max(gaps[0] as number, 0);
  if (!sequence.atEnd) gaps[last] = Math.max(gaps[last] as number, 0);
  return { ...sequence, gaps };
}

function literalOf(sequence: PlainSequence): string | undefined {
  if (sequence.literals.length === 0) return sequence.gaps[0] === -1 ? "" : undefined;
  return sequence.literals.length === 1 && sequence.gaps[0] === -1 && sequence.gaps[1] === -1
    ? sequence.literals[0]
    : undefined;
}

function matchLiterals(literals: readonly string[]): TextTest {
  const first = literals[0];
  if (literals.length === 1 && first !== undefined) return (text) => equalsFolded(text, first);
  if (literals.length < minIndexed) return (text) => isAmong(text, literals);
  const byLength = new Map<number, string[]>();
  for (const literal of literals) {
    const group = byLength.get(literal.length);
    if (group === undefined) byLength.set(literal.length, [literal]);
    else group.push(literal);
  }
  return (text) => {
    const group = byLength.get(text.length);
    return group !== undefined && isAmong(text, group);
  };
}

function isAmong(text: string, literals: readonly string[]): boolean {
  for (let index = 0; index < literals.length; index++) {
    if (equalsFolded(text, literals[index] as string)) return true;
  }
  return false;
}

/** Literals in order, each as far left as it can be: with gaps only, the leftmost place is never the wrong one. */
function matchesWhole(text: string, sequence: PlainSequence): boolean {
  const { literals, gaps } = sequence;
  const count = literals.length;
  const firstGap = gaps[0] as number;
  if (count === 0) {
    if (firstGap === -1) return text.length === 0;
    return text.length >= firstGap && !text.includes("\n");
  }
  const first = literals[0] as string;
  const lastGap = gaps[count] as number;
  if (count === 1 && firstGap === -1 && lastGap === -1) return equalsFolded(text, first);
  const last = literals[count - 1] as string;
  if (firstGap === -1 && !startsWithFolded(text, first)) return false;
  if (lastGap === -1 && !endsWithFolded(text, last)) return false;
  // Literals hold no line end and gaps do not cross one.
  if (text.includes("\n")) return false;
  let end = 0;
  let index = 0;
  if (firstGap === -1) {
    end = first.length;
    index = 1;
  }
  const searched = lastGap === -1 ? count - 1 : count;
  for (; index < searched; index++) {
    const literal = literals[index] as string;
    const at = indexOfFolded(text, literal, end + (gaps[index] as number));
    if (at < 0) return false;
    end = at + literal.length;
  }
  if (lastGap !== -1) return text.length - end >= lastGap;
  return text.length - last.length - end >= (gaps[count - 1] as number);
}
