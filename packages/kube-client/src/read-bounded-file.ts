import { close, open, read, stat } from "node:fs";
import { promisify } from "node:util";

/** Bundles of authorities of whole distributions are about 250 KiB. */
export const MAX_PEM_BYTES: number = 1_048_576;

const CHUNK_BYTES = 65_536;

/** Descriptors that the process was started with: their writer is there already. */
const inherited = /^\/dev\/(?:fd\/\d+|stdin)$|^\/proc\/self\/fd\/\d+$/;

/**
 * Reads a file of text that should be small. Works for `/proc` and pipes of a shell (`<(…)`, standard input), whose size is not known
 * beforehand. A pipe with a name is not opened: without a writer that would never end, and hold up a thread of all files for good.
 *
 * Through the call-back functions of `node:fs`: loading `node:fs/promises` costs 0.2–0.4 MB of heap (Node 26.10).
 *
 * @throws an Error in plain words when the file is larger than `maxBytes` or is a named pipe, else what the file system says.
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<string> {
  if ((await promisify(stat)(path)).isFIFO() && !inherited.test(path)) throw new Error("is a named pipe, not a file");
  const file = await promisify(open)(path, "r");
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    while (length <= maxBytes) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await promisify(read)(file, chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return Buffer.concat(chunks).toString("utf8");
      chunks.push(chunk.subarray(0, bytesRead));
      length += bytesRead;
    }
  } finally {
    await promisify(close)(file);
  }
  throw new Error(`is larger than ${maxBytes} bytes`);
}
