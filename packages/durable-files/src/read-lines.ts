import { close, constants, open, read } from "node:fs";
import { promisify } from "node:util";
import { decodeLine } from "./checked-line.ts";

const chunkBytes = 65_536;
const lineEnd = 10;
/** What is longer is no line of ours, and must not take the memory. */
const maxLineBytes = 33_554_432;

/** What a file of checked lines held. @public */
export interface ReadLines {
  /** Behind the last whole line. */
  readonly endOffset: number;
  /** Whole lines that are not what was written, and one for an end that is no piece of a line either. */
  readonly damaged: number;
}

/**
 * Reads checked lines from an offset on. A last line without its end was cut off while it was written, and is left out;
 * one with zeros in it, or longer than any line, counts as damaged.
 *
 * @param onRecord - gets each readable record and the offset behind its line; false ends the reading there.
 * @throws errors of the file system.
 * @public
 */
export async function readLines(
  path: string,
  offset: number,
  onRecord: (record: unknown, endOffset: number) => boolean,
): Promise<ReadLines> {
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let parts: Buffer[] = [];
    let endOffset = offset;
    let at = offset;
    let damaged = 0;
    let partBytes = 0;
    let isTooLong = false;
    for (;;) {
      const { bytesRead } = await promisify(read)(descriptor, buffer, 0, chunkBytes, at);
      if (bytesRead === 0) {
        // An append that was cut off is a piece of text; zeros are what a power cut left in the place of lines that were there.
        const isLost = isTooLong || parts.some((part) => part.includes(0));
        return { endOffset, damaged: isLost ? damaged + 1 : damaged };
      }
      let start = 0;
      for (let end = buffer.indexOf(lineEnd); end !== -1 && end < bytesRead; end = buffer.indexOf(lineEnd, start)) {
        const line = Buffer.concat([...parts, buffer.subarray(start, end)]).toString("utf8");
        parts = [];
        partBytes = 0;
        start = end + 1;
        endOffset = at + start;
        const record = isTooLong ? undefined : decodeLine(line);
        isTooLong = false;
        if (record === undefined) damaged += 1;
        else if (!onRecord(record, endOffset)) return { endOffset, damaged };
      }
      // A copy: the buffer is read into again.
      if (start < bytesRead && !isTooLong) parts.push(Buffer.from(buffer.subarray(start, bytesRead)));
      partBytes += bytesRead - start;
      if (partBytes > maxLineBytes) {
        isTooLong = true;
        parts = [];
      }
      at += bytesRead;
    }
  } finally {
    await promisify(close)(descriptor);
  }
}
