import type { Buffer } from "node:buffer";

/** How much of a file's first line tells it from another file, bytes: exec id and times are in it. @internal */
export const firstLineBytes = 4096;

/** A first line shorter than this could be anybody's (a blank one, a cut one): the lines after it belong to it then. */
const shortestBytes = 64;

/**
 * A fingerprint of a file by its first line, which survives renaming, copying and compression.
 *
 * Two FNV-1a sums with different starting values; it recognises files, it does not protect them.
 *
 * @param head - the first bytes of the file, {@link firstLineBytes} of them when there are as many.
 * @returns 16 hex digits; empty while the first line is neither complete nor long enough.
 *
 * @internal
 */
export function firstLineHash(head: Buffer, length: number = head.length): string {
  const newline = head.indexOf(0x0a, shortestBytes);
  const isComplete = newline >= 0 && newline < length;
  if (!isComplete && length < firstLineBytes) return "";
  const end = Math.min(isComplete ? newline : length, firstLineBytes);
  let one = 0x811c9dc5;
  let two = 0x1b873593;
  for (let at = 0; at < end; at++) {
    one = Math.imul(one ^ head[at]!, 0x01000193); // at < end <= head.length
    two = Math.imul(two ^ head[at]!, 0x01000193) + at;
  }
  return (one >>> 0).toString(16).padStart(8, "0") + (two >>> 0).toString(16).padStart(8, "0");
}
