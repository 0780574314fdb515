import type { TransportRequest } from "../transport.ts";
import { CONTINUATION, END_HEADERS, END_STREAM, HEADERS, frame } from "./frame.ts";
import { MAX_FRAME_BYTES } from "./frame-splitter.ts";
import { tryEncodeHeaders } from "./header-block.ts";

/** The header block of a request; undefined when one of its headers cannot be sent. */
export function tryEncodeHead(
  { method, path, headers }: TransportRequest,
  authority: string,
  prefix: string,
): Buffer | undefined {
  const pairs: [string, string][] = [
    [":method", method],
    [":scheme", "https"],
    [":authority", authority],
    [":path", prefix + path],
  ];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === "string" ? [value] : value) pairs.push([name.toLowerCase(), one]);
  }
  return tryEncodeHeaders(pairs);
}

/** The frames that a header block takes. @param isLast - no body follows. */
export function headFrames(streamId: number, block: Buffer, isLast: boolean): Buffer {
  const frames: Buffer[] = [];
  for (let offset = 0; offset === 0 || offset < block.length; offset += MAX_FRAME_BYTES) {
    const isEnd = offset + MAX_FRAME_BYTES >= block.length;
    const flags = (isEnd ? END_HEADERS : 0) | (offset === 0 && isLast ? END_STREAM : 0);
    const part = block.subarray(offset, offset + MAX_FRAME_BYTES);
    frames.push(frame(offset === 0 ? HEADERS : CONTINUATION, flags, streamId, part));
  }
  return Buffer.concat(frames);
}
