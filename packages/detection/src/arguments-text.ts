import type { ExecEvent } from "@kinglet/enrichment";
import { ANY_ARGUMENT, ANY_ARGUMENTS } from "@kinglet/profile/matching";

/** What {@link ArgumentsText} is made of. @internal */
export type ToldExecution = Pick<ExecEvent, "source" | "binary" | "args" | "flags" | "isTruncated">;

/**
 * How much the one text says of the arguments that a source joined in it: all, or how they begin. Tetragon says which part it cut; of
 * arguments that it could not read, or behind a path that it cut, nothing is certain. Of Linux audit the first arguments are there.
 *
 * @returns undefined when it says nothing.
 * @internal
 */
export function extentOfText({ source, args, flags, isTruncated }: ToldExecution): "all" | "beginning" | undefined {
  if (source === "linux-audit") return isTruncated && args !== "" ? "beginning" : undefined;
  if (source !== "tetragon") return undefined;
  if (!isTruncated) return "all";
  return isCutBehind.test(flags) && !isUncertain.test(flags) ? "beginning" : undefined;
}

const isCutBehind = /\btruncArgs\b/;
const isUncertain = /\b(?:errorArgs|(?:trunc|error)Filename)\b/;

/** A longer entry that holds {@link ANY_ARGUMENTS} matches nothing, here as elsewhere. */
const maxPattern = 256;
/** However many bytes were no text. */
const replaced = /\ufffd+/g;

/**
 * Arguments that nobody can take apart, as the one text that the source made of them.
 *
 * Tetragon writes an argument with a space between double quotes and any other one as it is, escapes nothing, and puts spaces between them. So
 * a text may stand for several vectors; which vectors it can stand for is certain all the same, and those alone are told from it.
 *
 * @see `trySplitArguments` of `@kinglet/enrichment`
 * @internal
 */
export class ArgumentsText {
  readonly #words: readonly string[];
  readonly #isBeginning: boolean;

  /** @param isBeginning - true when what followed is not known; the last word may be a part of one. */
  constructor(text: string, isBeginning: boolean) {
    this.#words = wordsOf(text.replace(replaced, "\ufffd"));
    this.#isBeginning = isBeginning;
  }

  /**
   * True when arguments as a profile has them, without the program's own name, may have given this text: joined in the same way they are the text,
   * or, of one that was cut, begin with it; wildcards stand for whatever they may.
   *
   * Cost: linear in the entry for one without wildcards, else at most (words) x (arguments of the entry).
   */
  mayBe(args: readonly string[]): boolean {
    if (args.length > maxPattern && args.includes(ANY_ARGUMENTS)) return false;
    const end = this.#words.length;
    /** Words that the arguments so far may have been joined in. */
    let places: readonly number[] = [0];
    for (const arg of args) {
      if (this.#isBeginning && places.some((at) => this.#isCutWithin(arg, at))) return true;
      if (arg === ANY_ARGUMENTS) places = rangeOf(places[0]!, end); // never empty; the first is the least
      else
        places = arg === ANY_ARGUMENT ? this.#behindAny(places) : this.#behind(arg.replace(replaced, "\ufffd"), places);
      if (places.length === 0) return false;
    }
    return places.at(-1) === end;
  }

  /** Where the next argument may begin when this one begins at one of the places, all in ascending order. */
  #behind(arg: string, places: readonly number[]): readonly number[] {
    const words = arg.split(" ");
    const found = new Set<number>();
    for (const at of places) {
      if (arg === "" && this.#hasLostEmpty(at)) found.add(at);
      if (this.#isAt(at, words)) found.add(at + words.length);
    }
    return ascending(found);
  }

  #isAt(at: number, words: readonly string[]): boolean {
    const told = this.#words;
    const last = words.length - 1;
    if (at + last >= told.length) return false;
    // Linux audit, whose text is only ever a beginning, writes quotes for an argument that is empty.
    if (last === 0) return told[at] === words[0] || (this.#isBeginning && words[0] === "" && told[at] === '""');
    if (told[at] !== `"${words[0]}` || told[at + last] !== `${words[last]}"`) return false;
    for (let index = 1; index < last; index++) if (told[at + index] !== words[index]) return false;
    return true;
  }

  #behindAny(places: readonly number[]): readonly number[] {
    const told = this.#words;
    const found = new Set<number>();
    for (const at of places) {
      if (this.#hasLostEmpty(at)) found.add(at);
      if (at < told.length) found.add(at + 1);
    }
    const quoted = places.find((at) => told[at]?.startsWith('"') === true) ?? told.length;
    let isBehindQuote = false;
    const quotes = new Set(places);
    for (let at = quoted; at < told.length; at++) {
      if (isBehindQuote && told[at]!.endsWith('"')) found.add(at + 1); // at < length
      isBehindQuote ||= quotes.has(at) && told[at]!.startsWith('"');
    }
    return ascending(found);
  }

  /** Empty arguments before the first and behind the last one never reach the text. */
  #hasLostEmpty(at: number): boolean {
    return at === 0 || at === this.#words.length;
  }

  /** True when the text may end within this argument, or before it. */
  #isCutWithin(arg: string, at: number): boolean {
    const rest = this.#words.slice(at);
    if (rest.length === 0 || arg === ANY_ARGUMENTS) return true;
    const isQuoted = rest.length > 1;
    const known = rest.join(" ");
    // The quote that closes an argument comes behind what was left of it.
    if (isQuoted && !(known.startsWith('"') && known.endsWith('"'))) return false;
    if (arg === ANY_ARGUMENT) return true;
    // A character may have been cut in two.
    const start = (isQuoted ? known.slice(1, -1) : known).replace(/\ufffd$/, "");
    return arg.replace(replaced, "\ufffd").startsWith(start);
  }
}

/** Any one reading of the text: arguments that give it, with as few quotes in them as possible. @internal */
export function readArguments(text: string): readonly string[] {
  const words = wordsOf(text);
  const args: string[] = [];
  let end = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!; // at < length
    end = Math.max(end, at + 1);
    while (end < words.length && !words[end]!.endsWith('"')) end++; // end < length
    const isQuoted = word.startsWith('"') && end < words.length;
    args.push(
      isQuoted
        ? words
            .slice(at, end + 1)
            .join(" ")
            .slice(1, -1)
        : word,
    );
    if (isQuoted) at = end;
  }
  return args;
}

/** A space that belongs to no argument comes before a quoted one that is the first. */
function wordsOf(text: string): readonly string[] {
  if (text === "") return [];
  return (text.startsWith(' "') ? text.slice(1) : text).split(" ");
}

function ascending(places: ReadonlySet<number>): readonly number[] {
  return [...places].toSorted((left, right) => left - right);
}

function rangeOf(from: number, end: number): readonly number[] {
  return Array.from({ length: end - from + 1 }, (_, at) => from + at);
}
