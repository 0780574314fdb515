import { createError } from "@kinglet/errors";
import { createStatusError, type RequestPlace } from "../api-error.ts";
import { ByteAccumulator } from "../byte-accumulator.ts";
import { kubeClientErrors } from "../errors.ts";
import type { WatchEvent } from "../kube-object.ts";
import type { ObjectDecoder } from "../object-decoder.ts";
import type { WatchChunks } from "../watch-reader.ts";
import { protobufError, type ProtobufObjects } from "./protobuf-objects.ts";
import { decodeStatus } from "./status-decoder.ts";
import { setKey } from "./set-key.ts";
import type { WireReader } from "./wire-reader.ts";

/** Far above the largest object in an event; a frame beyond it is refused rather than gathered. */
const MAX_FRAME_BYTES = 16_777_216;
const HEAD_BYTES = 4;

/**
 * Watch events in protobuf: frames of a length (four bytes, most significant first) and a `meta.v1.WatchEvent`.
 *
 * @internal
 */
export class ProtobufWatchReader implements WatchChunks {
  readonly #place: RequestPlace;
  readonly #objects: ProtobufObjects;
  readonly #decoder: ObjectDecoder;
  readonly #gathered = new ByteAccumulator("one watch event", MAX_FRAME_BYTES);
  #headBytes = 0;
  #length = 0;

  constructor(place: RequestPlace, objects: ProtobufObjects, decoder: ObjectDecoder) {
    this.#place = place;
    this.#objects = objects;
    this.#decoder = decoder;
  }

  *events(chunk: Buffer): Generator<WatchEvent<unknown>> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headBytes < HEAD_BYTES) {
        this.#readHead(chunk[at++]!); // at < length
        continue;
      }
      const end = at + this.#length - this.#gathered.length;
      if (end > chunk.length) {
        this.#gathered.append(chunk, at, chunk.length);
        return;
      }
      const event = this.#gathered.length === 0 ? this.#event(chunk, at, end) : this.#gatheredEvent(chunk, at, end);
      at = end;
      this.#headBytes = 0;
      this.#length = 0;
      if (event !== undefined) yield event;
    }
  }

  #readHead(byte: number): void {
    this.#length = this.#length * 256 + byte;
    this.#headBytes++;
    if (this.#headBytes < HEAD_BYTES) return;
    if (this.#length > MAX_FRAME_BYTES) {
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE", {
        what: "one watch event",
        limitBytes: MAX_FRAME_BYTES,
      });
    }
    // An empty frame has nothing to say.
    if (this.#length === 0) this.#headBytes = 0;
  }

  #gatheredEvent(chunk: Buffer, from: number, to: number): WatchEvent<unknown> | undefined {
    this.#gathered.append(chunk, from, to);
    const bytes = this.#gathered.bytes();
    const event = this.#event(bytes, 0, bytes.length);
    this.#gathered.clear();
    return event;
  }

  #event(bytes: Buffer, start: number, end: number): WatchEvent<unknown> | undefined {
    try {
      const { type, rawStart, rawEnd } = this.#objects.read(bytes, start, end, readWatchEvent);
      const envelope = this.#objects.envelope(bytes, rawStart, rawEnd);
      switch (type) {
        case "ADDED":
        case "MODIFIED":
        case "DELETED": {
          const object = this.#objects.object(bytes, envelope);
          if (object === undefined) return undefined;
          const { resourceVersion } = object["metadata"] as { readonly resourceVersion?: string };
          return { type, object, resourceVersion: resourceVersion ?? "" };
        }
        case "BOOKMARK": {
          const value = this.#objects.read(bytes, envelope.rawStart, envelope.rawEnd, readBookmark);
          const { resourceVersion, annotations } = value.metadata;
          const bookmark = {
            type,
            object: this.#decoder.bookmark(value),
            resourceVersion: resourceVersion ?? "",
          } as const;
          const isEnd = annotations?.["k8s.io/initial-events-end"] === "true";
          return isEnd ? { ...bookmark, endsInitialEvents: true } : bookmark;
        }
        case "ERROR":
          throw createStatusError(
            this.#place,
            this.#objects.read(bytes, envelope.rawStart, envelope.rawEnd, decodeStatus),
          );
        default:
          throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_RESPONSE", {
            ...this.#place,
            problem: `a watch event has the type ${JSON.stringify(type)}`,
          });
      }
    } catch (error) {
      throw protobufError(this.#place, error);
    }
  }
}

function readWatchEvent(reader: WireReader, end: number): { type: string; rawStart: number; rawEnd: number } {
  let type = "";
  let rawStart = end;
  let rawEnd = end;
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 10) {
      type = reader.name();
    } else if (tag === 18) {
      const objectEnd = reader.enter();
      while (reader.position < objectEnd) {
        const inner = reader.tag();
        if (inner !== 10) {
          reader.skip(inner);
          continue;
        }
        rawEnd = reader.valueEnd();
        rawStart = reader.position;
        reader.position = rawEnd;
      }
      reader.end(objectEnd);
    } else {
      reader.skip(tag);
    }
  }
  return { type, rawStart, rawEnd };
}

interface Bookmark {
  readonly metadata: { resourceVersion?: string; annotations?: Record<string, string> };
}

/** Every kind has its metadata first, and those have their version as field 6 and their annotations as field 12. */
function readBookmark(reader: WireReader, end: number): Bookmark {
  const bookmark: Bookmark = { metadata: {} };
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    const metadataEnd = reader.enter();
    while (reader.position < metadataEnd) {
      const inner = reader.tag();
      if (inner === 50) bookmark.metadata.resourceVersion = reader.text();
      else if (inner === 98) readAnnotation((bookmark.metadata.annotations ??= {}), reader);
      else reader.skip(inner);
    }
    reader.end(metadataEnd);
  }
  return bookmark;
}

function readAnnotation(annotations: Record<string, string>, reader: WireReader): void {
  const end = reader.enter();
  let key = "";
  let value = "";
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 10) key = reader.name();
    else if (tag === 18) value = reader.name();
    else reader.skip(tag);
  }
  reader.end(end);
  setKey(annotations, key, value);
}
