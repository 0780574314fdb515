import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/**
 * Inflates a body while it arrives, also one that is made of many gzip members (watch streams, one per flush). What comes out is handed on in pieces of 16 KiB, so a
 * small body that inflates to a huge one meets the limits of whoever reads it.
 *
 * Leaving early ends the connection's answer as well.
 */
export async function* gunzipBody(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(body, { objectMode: false });
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
    source.destroy();
  }
}
