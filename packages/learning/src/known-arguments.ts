import type { ExecEvent } from "@kinglet/enrichment";
import { isSecretName, redact } from "@kinglet/logger";
import { ANY_ARGUMENTS, isWildcardArgument } from "@kinglet/profile/matching";

/** Arguments of a vector that is recorded as it is. */
const MAX_CHARS = 16_384;
/** Arguments of a longer one that are recorded: what a program is told to do stands in the first ones. */
const MAX_BEGINNING = 32;
const MAX_BEGINNING_CHARS = 1_024;
const noTexts: readonly string[] = [];
/** What may be a part of an argument with a space, a wildcard, or not what it looks like. */
const UNCERTAIN = /["'\\\ufffd]|\[redacted\]/;
/** Their arguments hold secrets in one part. */
const WITH_SECRET = /^(?:-u|--user|--proxy-user)$/;

/**
 * Which arguments an execution is recorded with. As they are where all are known and of up to 16,384 characters; else those that are certainly
 * the first ones, with the wildcard for whatever follows; none, which stands for any, where not even those are known.
 *
 * Guarantees: they match this execution, and every other one that begins in the same way.
 *
 * @internal
 */
export function knownArguments(event: ExecEvent): readonly string[] {
  const { argv } = event;
  if (argv !== undefined) return isShort(argv) ? argv : beginningOf(argv);
  return isCutTail(event) ? beginningOf([event.binary, ...certainWords(event.args)]) : noTexts;
}

/** True when what is recorded of the execution is not all of it. @internal */
export function isShortened(event: ExecEvent): boolean {
  return event.isTruncated || event.args.length > MAX_CHARS;
}

/**
 * True when the source has the first arguments and says that it cut the others off. Only Tetragon's text begins with the first argument as it
 * is; where it could not read the arguments, or cut the path, nothing is certain.
 */
function isCutTail({ source, flags }: ExecEvent): boolean {
  return (
    source === "tetragon" && /\btruncArgs\b/.test(flags) && !/\b(?:errorArgs|(?:trunc|error)Filename)\b/.test(flags)
  );
}

/** Words that are an argument each, whatever was cut off; the last one may be a part of one. */
function certainWords(text: string): readonly string[] {
  const words = text.slice(0, MAX_BEGINNING_CHARS * 2).split(" ");
  const end = words.findIndex(
    (word, at) =>
      word === "" || UNCERTAIN.test(word) || isWildcardArgument(word) || isSecret(word, words[at - 1] ?? ""),
  );
  return words.slice(0, end === -1 ? -1 : Math.min(end, words.length - 1));
}

/** In a vector, whose words are told apart, more can be seen to be secret than in one text: there it would have been taken out. */
function isSecret(word: string, before: string): boolean {
  return WITH_SECRET.test(before) || (before.startsWith("-") && isSecretName(before)) || redact(word) !== word;
}

function beginningOf(args: readonly string[]): readonly string[] {
  let count = 0;
  for (let chars = 0; count < args.length && count < MAX_BEGINNING; count += 1) {
    chars += args[count]!.length; // below the length
    if (chars > MAX_BEGINNING_CHARS) break;
  }
  // The program alone says nothing.
  return count < 2 ? noTexts : [...args.slice(0, count), ANY_ARGUMENTS];
}

function isShort(argv: readonly string[]): boolean {
  let chars = 0;
  for (const argument of argv) chars += argument.length;
  return chars <= MAX_CHARS;
}
