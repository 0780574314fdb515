import { close, constants, open, read } from "node:fs";
import { promisify } from "node:util";
import { decodeLine } from "./checked-line.ts";

const chunkBytes = 65_536;
const lineEnd = 10;

/** What a file of checked lines held. @internal */
export interface ReadLines {
  /** Behind the last whole line. */
  readonly endOffset: number;
  /** Whole lines that are not what was written. */
  readonly damaged: number;
}

/**
 * Reads checked lines from an offset on. A last line without its end was cut off while it was written, and is left out.
 *
 * @param onRecord - gets each readable record and the offset behind its line; false ends the reading there.
 * @throws errors of the file system.
 * @internal
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
    for (;;) {
      const { bytesRead } = await promisify(read)(descriptor, buffer, 0, chunkBytes, at);
      if (bytesRead === 0) return { endOffset, damaged };
      let start = 0;
      for (let end = buffer.indexOf(lineEnd); end !== -1 && end < bytesRead; end = buffer.indexOf(lineEnd, start)) {
        const line = Buffer.concat([...parts, buffer.subarray(start, end)]).toString("utf8");
        parts = [];
        start = end + 1;
        endOffset = at + start;
        const record = decodeLine(line);
        if (record === undefined) damaged += 1;
        else if (!onRecord(record, endOffset)) return { endOffset, damaged };
      }
      // A copy: the buffer is read into again.
      if (start < bytesRead) parts.push(Buffer.from(buffer.subarray(start, bytesRead)));
      at += bytesRead;
    }
  } finally {
    await promisify(close)(descriptor);
  }
}
