import { LiteralIndex, type LiteralRules } from "./literal-index.ts";
import { MAX_VALUE_LENGTH, ONE } from "./wildcards.ts";

const DOT_CODE = 46;
const MAX_LABELS = 256;
const nameRules: LiteralRules = { lengthOf: nameLength, ignoresCase: true };

/** One entry with wildcards. */
interface NamePattern {
  readonly position: number;
  /** Lower case; `undefined` = exactly one label. */
  readonly labels: readonly (string | undefined)[];
  /** True when one or more labels may follow. */
  readonly isOpen: boolean;
}

/**
 * Says which entries of a list of DNS names match a name.
 *
 * In an entry `*` as the first label stands for exactly one label, `\u22ef` anywhere for exactly one, `*` as the last for one or more.
 * `**`, `*` alone or in the middle and empty labels make an entry that matches nothing. Upper and lower case (ASCII) are the same,
 * a dot at the end does not count. An empty name matches nothing.
 *
 * The list is kept, not copied, and must not change; nothing is computed before the first question, patterns are compiled when no
 * literal matched for the first time.
 *
 * Cost of a question: no allocation; one pass over the name for all literals together, then at most one for each pattern.
 *
 * @see reference: kubescape/storage, `pkg/registry/file/networkmatch`
 *
 * @public
 */
export class DnsMatcher {
  readonly #entries: readonly string[];
  #literals: LiteralIndex | undefined = undefined;
  #wildcardPositions: readonly number[] = [];
  #patterns: readonly NamePattern[] | undefined = undefined;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
  }

  /** True when an entry matches. */
  matches(name: string): boolean {
    const literals = this.#literals ?? this.#prepare();
    return literals.next(name, 0) !== -1 || this.#nextPattern(name, 0) !== -1;
  }

  /** Position of the first entry at or after `from` that matches; -1 when there is none. */
  nextMatch(name: string, from: number): number {
    const literals = this.#literals ?? this.#prepare();
    const literal = literals.next(name, from);
    const pattern = this.#nextPattern(name, from);
    if (literal === -1 || (pattern !== -1 && pattern < literal)) return pattern;
    return literal;
  }

  #nextPattern(name: string, from: number): number {
    const patterns = (this.#patterns ??= this.#compile());
    if (patterns.length === 0 || name.length > MAX_VALUE_LENGTH) return -1;
    for (let at = 0; at < patterns.length; at += 1) {
      const pattern = patterns[at]!;
      if (pattern.position >= from && matchesLabels(pattern, name)) return pattern.position;
    }
    return -1;
  }

  #prepare(): LiteralIndex {
    const literals: number[] = [];
    const wildcards: number[] = [];
    for (let position = 0; position < this.#entries.length; position += 1) {
      const entry = this.#entries[position]!;
      if (entry.includes("*") || entry.includes(ONE)) wildcards.push(position);
      else if (isName(entry)) literals.push(position);
    }
    this.#wildcardPositions = wildcards.slice();
    this.#literals = new LiteralIndex(this.#entries, literals, nameRules);
    return this.#literals;
  }

  #compile(): readonly NamePattern[] {
    const patterns: NamePattern[] = [];
    for (const position of this.#wildcardPositions) {
      const pattern = compileName(this.#entries[position]!, position);
      if (pattern !== undefined) patterns.push(pattern);
    }
    return patterns.slice();
  }
}

function nameLength(name: string): number {
  return name.endsWith(".") ? name.length - 1 : name.length;
}

function isName(name: string): boolean {
  const length = nameLength(name);
  return (
    length > 0 && name.charCodeAt(0) !== DOT_CODE && name.charCodeAt(length - 1) !== DOT_CODE && !name.includes("..")
  );
}

function compileName(entry: string, position: number): NamePattern | undefined {
  const labels = entry.slice(0, nameLength(entry)).split(".", MAX_LABELS + 1);
  if (labels.length > MAX_LABELS || (labels.length === 1 && labels[0] === "*")) return undefined;
  const last = labels.length - 1;
  for (let at = 0; at <= last; at += 1) {
    const label = labels[at];
    if (label === "" || label === "**" || (label === "*" && at !== 0 && at !== last)) return undefined;
  }
  const isOpen = labels[last] === "*";
  if (isOpen) labels.pop();
  return {
    position,
    labels: labels.map((label) => (label === "*" || label === ONE ? undefined : lowerCase(label))),
    isOpen,
  };
}

function matchesLabels(pattern: NamePattern, name: string): boolean {
  const end = nameLength(name);
  const { labels } = pattern;
  let start = 0;
  for (let index = 0; index < labels.length; index += 1) {
    if (start >= end) return false;
    const next = labelEnd(name, start, end);
    if (next === start) return false;
    const label = labels[index];
    if (label !== undefined && !equalsLabel(label, name, start, next)) return false;
    start = next + 1;
  }
  if (!pattern.isOpen) return start === end + 1;
  if (start >= end) return false;
  // One or more labels follow; none of them may be empty.
  while (start <= end) {
    const next = labelEnd(name, start, end);
    if (next === start) return false;
    start = next + 1;
  }
  return true;
}

function labelEnd(name: string, start: number, end: number): number {
  let at = start;
  while (at < end && name.charCodeAt(at) !== DOT_CODE) at += 1;
  return at;
}

function equalsLabel(label: string, name: string, start: number, end: number): boolean {
  if (label.length !== end - start) return false;
  for (let at = 0; at < label.length; at += 1) {
    const code = name.charCodeAt(start + at);
    if (label.charCodeAt(at) !== (code >= 65 && code <= 90 ? code + 32 : code)) return false;
  }
  return true;
}

/** ASCII only: `toLowerCase` turns the Kelvin sign into a `k`. */
function lowerCase(label: string): string {
  return label.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
