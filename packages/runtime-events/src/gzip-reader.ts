import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ByteReader, ReadAt } from "./byte-reader.ts";

/**
 * Reads a compressed file from some position of its content on. The file stays the caller's to close.
 *
 * @param offset - bytes of content to leave out.
 * @internal
 */
export function openGzipReader(readAt: ReadAt, offset: number): ByteReader {
  let reading: Promise<number> = Promise.resolve(0);
  // Not a stream of node:fs: that one closes the descriptor when it is destroyed.
  const input = Readable.from(compressedChunks());
  const content = input.pipe(createGunzip());
  // `pipe` does not pass errors on.
  input.on("error", (error) => content.destroy(error));
  const chunks = content[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let chunk: Buffer | undefined;
  let at = 0;
  let toSkip = offset;
  return {
    async read(target, targetStart, length) {
      for (;;) {
        if (chunk === undefined || at === chunk.length) {
          const next = await chunks.next();
          if (next.done === true) return 0;
          chunk = next.value;
          at = Math.min(toSkip, chunk.length);
          toSkip -= at;
          continue;
        }
        const count = chunk.copy(target, targetStart, at, Math.min(chunk.length, at + length));
        at += count;
        return count;
      }
    },
    async close() {
      content.destroy();
      input.destroy();
      // The descriptor must not be closed, and used again, under a read.
      await reading.catch(() => {
        // Whoever read has been told.
      });
    },
  };

  async function* compressedChunks(): AsyncGenerator<Buffer> {
    for (let position = 0; ;) {
      const bytes = Buffer.allocUnsafe(65_536);
      reading = readAt(bytes, 0, bytes.length, position);
      const count = await reading;
      if (count === 0) return;
      position += count;
      yield bytes.subarray(0, count);
    }
  }
}
