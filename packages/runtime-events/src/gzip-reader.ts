import type { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { ByteReader } from "./export-file.ts";

/**
 * Reads a compressed file from some position of its content on. The handle stays the caller's to close.
 *
 * @param offset - bytes of content to leave out.
 * @internal
 */
export function openGzipReader(handle: FileHandle, offset: number): ByteReader {
  const input = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 64 * 1024 });
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
    close() {
      content.destroy();
      input.destroy();
      return Promise.resolve();
    },
  };
}
