import { redact } from "@kinglet/logger";

/** Bytes of one text of an alert, as JSON. An alert about any command line stays below 16 KiB, what container runtimes keep as one line. @internal */
export const maxAlertText = {
  commandLine: 4096,
  message: 1024,
  /** Of a list; as many elements are as many as anybody looks at. */
  elements: 64,
} as const;

/** As many times more characters are looked at as bytes are shown, so that what a secret is recognised by may lie behind what is shown. */
const lookAhead = 4;
const blank = /[ \t\r\n]/;

/**
 * A text of a container as an alert shows it: without secrets, and cut, with the original length, where it is too long.
 *
 * The cut comes first, because a container may write megabytes: four times what is shown is looked at, up to the last blank in it. So a secret
 * that the cut would take apart is not shown at all, except one of more than three times `maxBytes` characters without a blank whose only tell-tale
 * stands behind that (`scheme://user:password@`).
 *
 * Guarantees: at most `maxBytes` and the mark; no half of a surrogate pair that was whole; keeps no longer text alive.
 *
 * @param maxBytes - as JSON: quotes and control characters count as what stands for them there.
 * @internal
 */
export function showText(text: string, maxBytes: number): string {
  const isLookedAtWhole = text.length <= maxBytes * lookAhead;
  const safe = isLookedAtWhole ? redact(text) : redactBeginning(text.slice(0, maxBytes * lookAhead));
  const end = endWithin(safe, maxBytes);
  if (isLookedAtWhole && end === safe.length) return safe;
  return ownText(`${safe.slice(0, end)}... [cut: ${text.length} characters]`);
}

/** A list as an alert shows it. @internal */
export function showList(texts: readonly string[]): readonly string[] {
  const { elements, message } = maxAlertText;
  if (texts.length <= elements && texts.every((text) => endWithin(text, message) === text.length)) return texts;
  const shown = texts.slice(0, elements).map((text) => showText(text, message));
  return texts.length > elements ? [...shown, `... [cut: ${texts.length} in all]`] : shown;
}

/**
 * How many characters of a text are at most so many bytes of JSON, between its quotes; a surrogate pair is in whole or not at all.
 *
 * Cost: nothing for texts that are short whatever is in them, else a pass over as much as fits.
 *
 * @internal
 */
export function endWithin(text: string, maxBytes: number): number {
  if (text.length * maxCharacterBytes <= maxBytes) return text.length;
  let left = maxBytes;
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at)!; // Below the length.
    left -= jsonBytes(point);
    if (left < 0) return at;
    at += point > 0xffff ? 2 : 1;
  }
  return text.length;
}

/** As `\u001b`. */
const maxCharacterBytes = 6;

function jsonBytes(point: number): number {
  if (point < 0x20) return (point >= 8 && point <= 10) || point === 12 || point === 13 ? 2 : maxCharacterBytes;
  if (point < 0x80) return point === 0x22 || point === 0x5c ? 2 : 1;
  if (point < 0x800) return 2;
  if (point > 0xffff) return 4;
  return point >= 0xd800 && point <= 0xdfff ? maxCharacterBytes : 3;
}

/** Of a word that goes on nobody knows what it is. */
function redactBeginning(beginning: string): string {
  let end = beginning.length - 1;
  while (end >= 0 && !blank.test(beginning[end]!)) end--; // Below the length.
  const words = beginning.slice(0, Math.max(end, 0));
  if (words.length * 2 >= beginning.length) return redact(words);
  // One word is most of it, as with data on a command line: its beginning is shown only where nothing looks like a secret.
  const safe = redact(beginning);
  return safe === beginning ? beginning : redact(words);
}

/** A part of a text keeps the whole of it alive, and alerts wait. */
function ownText(text: string): string {
  const encoding = /^[\u0000-\u00ff]*$/.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}
