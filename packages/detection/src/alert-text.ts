import { redact } from "@kinglet/logger";

/** Characters (UTF-16 units) of one text of an alert. An alert about any command line stays below 16 KiB, what container runtimes keep as one line. @internal */
export const maxAlertText = {
  commandLine: 4096,
  message: 1024,
  /** Of a list; as many elements are as many as anybody looks at. */
  elements: 64,
} as const;

/** As much more is looked at as is shown, so that what a secret is recognised by may lie behind what is shown. */
const lookAhead = 4;
const blank = /[ \t\r\n]/;

/**
 * A text of a container as an alert shows it: without secrets, and cut, with the original length, where it is too long.
 *
 * The cut comes first, because a container may write megabytes: four times what is shown is looked at, up to the last blank in it. So a secret
 * that the cut would take apart is not shown at all, except one of more than three times `maxLength` characters without a blank whose only tell-tale
 * stands behind that (`scheme://user:password@`).
 *
 * Guarantees: at most `maxLength` characters and the mark; no half of a surrogate pair that was whole; keeps no longer text alive.
 *
 * @param maxLength - characters.
 * @internal
 */
export function showText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return redact(text);
  const isLookedAtWhole = text.length <= maxLength * lookAhead;
  const safe = isLookedAtWhole ? redact(text) : redactBeginning(text.slice(0, maxLength * lookAhead));
  if (isLookedAtWhole && safe.length <= maxLength) return safe;
  return ownText(`${cutText(safe, maxLength)}... [cut: ${text.length} characters]`);
}

/** A list as an alert shows it. @internal */
export function showList(texts: readonly string[]): readonly string[] {
  const { elements, message } = maxAlertText;
  if (texts.length <= elements && texts.every((text) => text.length <= message)) return texts;
  const shown = texts.slice(0, elements).map((text) => showText(text, message));
  return texts.length > elements ? [...shown, `... [cut: ${texts.length} in all]`] : shown;
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

function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const isHigh = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHigh ? maxLength - 1 : maxLength);
}

/** A part of a text keeps the whole of it alive, and alerts wait. */
function ownText(text: string): string {
  const encoding = /^[\u0000-\u00ff]*$/.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}
