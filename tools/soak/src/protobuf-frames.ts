import type { TransportRule } from "./faulty-transport.ts";
import { isWatch } from "./faulty-transport.ts";

const HEAD_BYTES = 4;
const MEDIA_TYPE = "application/vnd.kubernetes.protobuf";
/** What every object in protobuf begins with: `k8s\0`. */
const MAGIC = Buffer.of(0x6b, 0x38, 0x73, 0);

/** One event of a watch in protobuf. */
export interface Frame {
  readonly type: string;
  /** Length and content, as they came. */
  readonly bytes: Buffer;
  /** What follows the length: a `meta.v1.WatchEvent`. */
  readonly content: Buffer;
}

/**
 * A watch in protobuf whose frames pass through `change` (one in, any number of bytes out; `END` after the last ends the answer there).
 *
 * @throws (to who sent the request) when the server answers in another encoding: then nothing would be tested.
 */
export function mangledFrames(change: (frame: Frame) => readonly (Buffer | typeof END)[]): TransportRule {
  return (request, next, strike) => {
    if (!isWatch(request) || !String(request.headers["accept"]).includes(MEDIA_TYPE)) return undefined;
    const struck = (frame: Frame): readonly (Buffer | typeof END)[] => {
      const out = change(frame);
      if (out.length !== 1 || out[0] !== frame.bytes) strike();
      return out;
    };
    return next(request).then((response) => {
      if (response.status !== 200) return response;
      const type = String(response.headers["content-type"]);
      if (!type.includes(MEDIA_TYPE)) throw new Error(`soak: ${request.path} was answered in ${type}`);
      return { ...response, body: mangled(response.body, struck) };
    });
  };
}

/** A list in protobuf whose bytes end in the middle, in good order. */
export function shortenedLists(): TransportRule {
  return (request, next, strike) => {
    if (isWatch(request) || !String(request.headers["accept"]).includes(MEDIA_TYPE)) return undefined;
    return next(request).then((response) => {
      if (response.status !== 200) return response;
      strike();
      const { "content-length": _length, ...headers } = response.headers;
      return { ...response, headers, body: half(response.body) };
    });
  };
}

/** The answer ends here, as if the server had said all. */
export const END = Symbol("end");

/** Length and content. */
export function frameOf(content: Buffer, length: number = content.length): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(length);
  return Buffer.concat([head, content]);
}

/** A frame with an `ERROR` event. */
export function errorFrame(code: number, reason: string): Buffer {
  const status = Buffer.concat([
    field(2, Buffer.from("Failure")),
    field(3, Buffer.from(`soak: ${reason}`)),
    field(4, Buffer.from(reason)),
    Buffer.of(6 << 3),
    varint(code),
  ]);
  const type = Buffer.concat([field(1, Buffer.from("v1")), field(2, Buffer.from("Status"))]);
  const unknown = Buffer.concat([MAGIC, field(1, type), field(2, status)]);
  return frameOf(Buffer.concat([field(1, Buffer.from("ERROR")), field(2, field(1, unknown))]));
}

async function* mangled(
  body: AsyncIterable<Buffer>,
  change: (frame: Frame) => readonly (Buffer | typeof END)[],
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + rest.readUInt32BE(at);
      if (end > rest.length) break;
      const content = rest.subarray(at + HEAD_BYTES, end);
      for (const out of change({ type: typeOf(content), bytes: rest.subarray(at, end), content })) {
        if (out === END) return;
        yield out;
      }
      at = end;
    }
    rest = Buffer.from(rest.subarray(at));
  }
}

async function* half(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  yield bytes.subarray(0, bytes.length >> 1);
}

/** The type is the first field of a `WatchEvent`, and short. */
function typeOf(content: Buffer): string {
  return content[0] === 10 ? content.toString("latin1", 2, 2 + (content[1] ?? 0)) : "";
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
