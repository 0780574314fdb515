import { SETTINGS, frame } from "./frame.ts";
import { MAX_HEADER_BYTES } from "./head-gatherer.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** What a client begins a connection with. @see RFC 9113, 3.4 and 6.5.2 */
export function clientPreface(streamWindowBytes: number): Buffer {
  const settings = Buffer.alloc(24);
  const values = [
    [1, 0], // no dynamic header table
    [2, 0], // no push
    [4, streamWindowBytes],
    [6, MAX_HEADER_BYTES],
  ] as const;
  for (const [index, [id, value]] of values.entries()) {
    settings.writeUInt16BE(id, index * 6);
    settings.writeUInt32BE(value, index * 6 + 2);
  }
  return Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, settings)]);
}
