import { EntryMatcher } from "./entry-matcher.ts";
import type { LiteralRules } from "./literal-index.ts";
import { MAX_VALUE_LENGTH, ONE } from "./wildcards.ts";

const DOT_CODE = 46;
const MAX_LABELS = 256;
const nameRules: LiteralRules = { lengthOf: nameLength, ignoresCase: true };

/** One entry with wildcards. */
interface NamePattern {
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
export class DnsMatcher extends EntryMatcher {
  /** By number of the pattern; `undefined`: not compiled yet, `null`: it matches nothing. */
  readonly #patterns: (NamePattern | null | undefined)[] = [];

  protected override literalRules(): LiteralRules {
    return nameRules;
  }

  protected override kindOf(entry: string): "literal" | "pattern" | "unusable" {
    if (entry.includes("*") || entry.includes(ONE)) return "pattern";
    return isName(entry) ? "literal" : "unusable";
  }

  /** Upper and lower case are the same, so no text is sure to be there. */
  protected override prefixOf(): string {
    return "";
  }

  protected override matchesPattern(entry: string, _: number, name: string, at: number): boolean {
    if (name.length > MAX_VALUE_LENGTH) return false;
    let pattern = this.#patterns[at];
    if (pattern === undefined) {
      pattern = compileName(entry) ?? null;
      this.#patterns[at] = pattern;
    }
    return pattern !== null && matchesLabels(pattern, name);
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

function compileName(entry: string): NamePattern | undefined {
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
