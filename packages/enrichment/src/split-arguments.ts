/** Longer texts are not taken apart: no rule and no profile is about arguments of this size. */
const maxCharacters = 65_536;

/** Replaced bytes, and what would mean something else to an agent that escapes. */
const mayBeEscaped = /\ufffd|\\["\\]|\\(?: |$)/;

/**
 * Takes Tetragon's one string of arguments apart.
 *
 * Tetragon writes an argument that holds a space between double quotes and any other one as it is, and escapes nothing. So the same
 * string may stand for several vectors: `"a b" "c d"` is two arguments, or the one `a b" "c d`. What is certain is decided here by
 * counting the readings: one, or nothing is said. An argument without a space that itself begins or ends with a quote would look like
 * half of a quoted one, and is expected nowhere. Whatever another release may quote in another way (words in quotes of their own,
 * single quotes, escapes) is not told either. Empty arguments before the first and behind the last one never reach the string.
 *
 * Cost: linear in the length.
 *
 * @returns undefined when it cannot be told, or bytes that were no text have been replaced.
 * @see cilium/tetragon v1.7.0 `pkg/process/args.go`
 * @public
 */
export function trySplitArguments(text: string): readonly string[] | undefined {
  if (text === "") return [];
  if (text.length > maxCharacters || mayBeEscaped.test(text)) return undefined;
  // A space that belongs to no argument comes before a quoted one that is the first.
  const words = (text.startsWith(' "') ? text.slice(1) : text).split(" ");
  if (words[0] === "") return undefined;
  const readings = countReadings(words);
  return readings[0] === 1 ? readWords(words, readings) : undefined;
}

/** As a number of readings: more than one. */
const several = 2;

/** For every word, in how many ways (0, 1, 2 = several) the text from there on can be read; one more for the end. */
function countReadings(words: readonly string[]): Uint8Array {
  const readings = new Uint8Array(words.length + 1);
  readings[words.length] = 1;
  // Readings of what follows any of the words behind this one that may end a quoted argument.
  let behindQuotes = 0;
  for (let at = words.length - 1; at >= 0; at--) {
    const word = words[at]!; // 0 <= at < length
    const after = readings[at + 1]!; // 0 < at + 1 <= length
    const isQuoteFirst = word.startsWith('"');
    if (isQuoteFirst || !word.endsWith('"')) {
      const known = isQuoteFirst ? behindQuotes : after;
      readings[at] = known > 0 && mayBeQuotedOtherwise(word) ? several : known;
    }
    if (word.endsWith('"')) behindQuotes = Math.min(several, behindQuotes + after);
  }
  return readings;
}

function readWords(words: readonly string[], readings: Uint8Array): readonly string[] {
  const args: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const from = at;
    if (words[at]!.startsWith('"')) {
      do at++;
      while (!words[at]!.endsWith('"') || readings[at + 1] === 0); // one reading: there is such a word
    }
    const text =
      from === at
        ? words[at]!
        : words
            .slice(from, at + 1)
            .join(" ")
            .slice(1, -1);
    args.push(text);
  }
  return args;
}

function mayBeQuotedOtherwise(word: string): boolean {
  return word.startsWith("'") || word.endsWith("'") || (word.length > 1 && word.startsWith('"') && word.endsWith('"'));
}
