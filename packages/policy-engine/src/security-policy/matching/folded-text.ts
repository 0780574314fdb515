/**
 * Case-insensitive comparison with lower-case ASCII literals. Called for every value of every evaluation; allocates nothing,
 * where `toLowerCase()` would copy each text that has an upper-case letter.
 *
 * Folding is that of RE2's `(?i)` restricted to ASCII literals: A–Z, and the two letters outside ASCII that fold into it.
 */

function foldCode(code: number): number {
  if (code >= 65 && code <= 90) return code + 32;
  if (code < 383) return code;
  // U+017F (long s) and U+212A (Kelvin sign) are the only other code units that fold to ASCII letters.
  if (code === 0x17f) return 115;
  return code === 0x212a ? 107 : code;
}

/** @internal */
export function equalsFolded(text: string, literal: string): boolean {
  return text.length === literal.length && hasFoldedAt(text, literal, 0);
}

/** @internal */
export function startsWithFolded(text: string, literal: string): boolean {
  return text.length >= literal.length && hasFoldedAt(text, literal, 0);
}

/** @internal */
export function endsWithFolded(text: string, literal: string): boolean {
  return text.length >= literal.length && hasFoldedAt(text, literal, text.length - literal.length);
}

/** Stands in a literal for any one character that is not a line end. @internal */
export const anyCharacter = "\u0001";
const anyCode = 1;

/** True when `literal` stands at `position` of `text`, which must be long enough. */
function hasFoldedAt(text: string, literal: string, position: number): boolean {
  for (let index = 0; index < literal.length; index++) {
    const code = text.charCodeAt(position + index);
    const wanted = literal.charCodeAt(index);
    if (code === wanted || foldCode(code) === wanted) continue;
    if (wanted !== anyCode || code === 10) return false;
  }
  return true;
}

/** Length from which texts are folded as a whole: then the runtime's own search, far quicker and never quadratic, can be used. */
const longText = 4_096;

/**
 * A text as {@link indexOfFolded} wants it: long ones in lower case, all others as they are. Copies only long texts, which in a
 * workload are values of variables and annotations that somebody filled.
 *
 * @internal
 */
export function foldLongText(text: string): string {
  if (text.length <= longText) return text;
  const lower = text.toLowerCase();
  if (lower.length === text.length && !text.includes("\u017f")) return lower;
  // No literal holds what is not ASCII: but for the two letters that fold into it, any other character can stand in.
  const folded = text.replaceAll("\u017f", "s").replaceAll("\u212a", "k");
  return folded.replaceAll(/[^\u0000-\u007f]/gu, "\uE000").toLowerCase();
}

/**
 * The first place of `literal` at or after `from`, -1 when there is none.
 *
 * @param text - as {@link foldLongText} gives it.
 *
 * @internal
 */
export function indexOfFolded(text: string, literal: string, from: number): number {
  if (text.length > longText && !literal.includes(anyCharacter)) return text.indexOf(literal, from);
  const last = text.length - literal.length;
  for (let at = from; at <= last; at++) if (hasFoldedAt(text, literal, at)) return at;
  return -1;
}

/** Length up to which a literal may be searched for; a longer one is left to the pattern engine. @internal */
export const maxSearchedLiteral = 64;

/** True when every character is ASCII: only such literals are compared here. @internal */
export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}
