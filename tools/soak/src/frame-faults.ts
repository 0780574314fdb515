import { randomBytes } from "node:crypto";
import { ambush, listAmbush } from "./ambush.ts";
import { END, errorFrame, frameOf, mangledFrames, shortenedLists, type Frame } from "./protobuf-frames.ts";
import type { SoakFault } from "./soak-fault.ts";

type Change = (frame: Frame) => readonly (Buffer | typeof END)[];

/**
 * Faults of watches in protobuf, frame by frame.
 *
 * Each leaves bytes that cannot be read. Bytes that are wrong and can be read are nobody's to find: TLS is there against them.
 */
export function frameFaults(): readonly SoakFault[] {
  return [
    frames("protobuf: truncated frame", ({ content }) => [frameOf(content.subarray(0, content.length >> 1))]),
    frames("protobuf: length of 4 GiB", ({ content }) => [frameOf(content, 0xff_ff_ff_ff)]),
    frames("protobuf: length too long", ({ content }) => [frameOf(content, content.length + 5)]),
    frames("protobuf: length too short", ({ content }) => [frameOf(content, content.length - 5)]),
    frames("protobuf: end in mid-frame", ({ bytes }) => [bytes.subarray(0, bytes.length - 7), END]),
    frames("protobuf: end in mid-length", ({ bytes }) => [bytes.subarray(0, 2), END]),
    frames("protobuf: frame of garbage", () => [frameOf(Buffer.concat([Buffer.of(0xff), randomBytes(200)]))]),
    frames("protobuf: garbage", () => [randomBytes(1000)]),
    frames("protobuf: empty frames", ({ bytes }) => [frameOf(Buffer.alloc(0)), bytes, frameOf(Buffer.alloc(0))]),
    frames("protobuf: a frame a byte at a time", ({ bytes }) => Array.from(bytes, (byte) => Buffer.of(byte))),
    frames("protobuf: 410 in an ERROR event", () => [errorFrame(410, "Expired")]),
    frames("protobuf: 429 in an ERROR event", () => [errorFrame(429, "TooManyRequests")]),
    ambush("protobuf: duplicate events", () => mangledFrames(({ bytes }) => [bytes, bytes])),
    // Informers list, so that the bookmark which closes a streaming list is one of them.
    listAmbush("protobuf: bookmark missing", () =>
      mangledFrames(({ type, bytes }) => (type === "BOOKMARK" ? [] : [bytes])),
    ),
    ambush("protobuf: event replay after reconnect", () => {
      const history: Buffer[] = [];
      let seen = 0;
      return mangledFrames(({ type, bytes }) => {
        const replay = ++seen % 20 === 0 ? history.slice(0, 10) : [];
        if (type === "MODIFIED" || type === "DELETED") {
          history.push(bytes);
          if (history.length > 200) history.shift();
        }
        return [...replay, bytes];
      });
    }),
    listAmbush("protobuf: list that ends early", shortenedLists),
  ];
}

/** Every tenth event of a stream is done this to. */
function frames(name: string, change: Change): SoakFault {
  return ambush(name, () => {
    let seen = 0;
    return mangledFrames((frame) => (++seen % 10 === 0 ? change(frame) : [frame.bytes]));
  });
}
