import type { RequestPlace } from "../api-error.ts";
import type { ListChunks } from "../list-reader.ts";
import type { ObjectDecoder } from "../object-decoder.ts";
import { createShape } from "../projection.ts";
import type { WatchChunks } from "../watch-reader.ts";
import type { ProtobufDecoder, ProtobufDecoderFactory } from "./protobuf-decoder.ts";
import { protobufError, ProtobufObjects } from "./protobuf-objects.ts";
import { ProtobufListReader } from "./protobuf-list-reader.ts";
import { ProtobufWatchReader } from "./protobuf-watch-reader.ts";
import { setKey } from "./set-key.ts";
import { statusOf, type DecodedStatus } from "./status-decoder.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * Everything that reads protobuf, of one client: its strings and small objects are shared among all that it reads.
 *
 * @internal
 */
export class ProtobufStreams {
  readonly #reader = new WireReader();
  readonly #written = new WeakMap<ProtobufDecoderFactory, ProtobufDecoder>();

  /** The decoder that was written at build time; made once, when the first object comes: a node without pods does not pay for it (25 KB). */
  written(factory: ProtobufDecoderFactory): ProtobufDecoder {
    let decoder = this.#written.get(factory);
    if (decoder === undefined) {
      let made: ProtobufDecoder | undefined;
      decoder = (reader, end) => (made ??= factory({ createShape, setKey }))(reader, end);
      this.#written.set(factory, decoder);
    }
    return decoder;
  }

  list(
    place: RequestPlace,
    decode: ProtobufDecoder,
    objects: ObjectDecoder,
    onItem: (object: Record<string, unknown>) => void,
  ): ListChunks {
    return new ProtobufListReader(place, new ProtobufObjects(this.#reader, decode, objects), onItem);
  }

  watch(place: RequestPlace, decode: ProtobufDecoder, objects: ObjectDecoder): WatchChunks {
    return new ProtobufWatchReader(place, new ProtobufObjects(this.#reader, decode, objects), objects);
  }

  /** A whole answer that is one object; `undefined` when it is something else. @throws KINGLET_ERR_KUBE_CLIENT_RESPONSE */
  object(
    place: RequestPlace,
    decode: ProtobufDecoder,
    objects: ObjectDecoder,
    bytes: Buffer,
  ): Record<string, unknown> | undefined {
    const reader = new ProtobufObjects(this.#reader, decode, objects);
    try {
      return reader.object(bytes, reader.envelope(bytes, 0, bytes.length));
    } catch (error) {
      throw protobufError(place, error);
    }
  }
}

/** Makes the reader of protobuf of one client. @internal */
export function createProtobufStreams(): ProtobufStreams {
  return new ProtobufStreams();
}

/** The Status in an answer that is not what was asked for. @internal */
export function readProtobufStatus(bytes: Buffer): DecodedStatus | undefined {
  return statusOf(bytes);
}
