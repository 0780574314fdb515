import { createStatusError, type RequestPlace } from "../api-error.ts";
import type { ListPage } from "../list-reader.ts";
import { MAGIC, readTypeMeta } from "./envelope.ts";
import { FieldStream, type FieldChoice, type FieldSink } from "./field-stream.ts";
import { protobufError, type ProtobufObjects } from "./protobuf-objects.ts";
import { decodeStatus } from "./status-decoder.ts";
import { WireFault } from "./wire-fault.ts";
import type { WireReader } from "./wire-reader.ts";

/** Far above what the API server stores (about 1.5 MB): a bound, not a limit that real objects meet. */
const MAX_ITEM_BYTES = 16_777_216;

/**
 * Reads one list answer in protobuf from its chunks: items are decoded and delivered as they become complete.
 *
 * @internal
 */
export class ProtobufListReader implements FieldSink {
  readonly #place: RequestPlace;
  readonly #objects: ProtobufObjects;
  readonly #deliver: (object: Record<string, unknown>) => void;
  readonly #stream = new FieldStream(this, MAX_ITEM_BYTES);
  #magic = 0;
  #kind = "";
  #isEntered = false;
  #resourceVersion = "";
  #continue = "";
  #count = 0;

  constructor(place: RequestPlace, objects: ProtobufObjects, deliver: (object: Record<string, unknown>) => void) {
    this.#place = place;
    this.#objects = objects;
    this.#deliver = deliver;
  }

  push(chunk: Buffer): void {
    let from = 0;
    while (this.#magic < MAGIC.length && from < chunk.length) {
      if (chunk[from++] !== MAGIC[this.#magic++])
        throw this.#fault("it does not begin with the magic of Kubernetes protobuf");
    }
    try {
      this.#stream.push(chunk, from);
    } catch (error) {
      throw protobufError(this.#place, error);
    }
  }

  /** @throws KINGLET_ERR_KUBE_CLIENT_RESPONSE when the answer was cut off or is not a list. */
  finish(): ListPage {
    if (this.#magic < MAGIC.length || !this.#stream.isComplete) throw this.#fault("it ends in the middle");
    if (!this.#kind.endsWith("List") || !this.#isEntered) throw this.#fault("it is not a list");
    return { resourceVersion: this.#resourceVersion, continue: this.#continue, count: this.#count };
  }

  choose(field: number, depth: number): FieldChoice {
    if (depth > 0) return field === 1 || field === 2 ? "take" : "skip";
    if (field === 1) return "take";
    if (field !== 2) return "skip";
    // An object instead of a list is taken whole: a Status says what went wrong.
    if (!this.#kind.endsWith("List")) return "take";
    this.#isEntered = true;
    return "enter";
  }

  take(field: number, depth: number, bytes: Buffer, start: number, end: number): void {
    if (depth > 0 && field === 2) {
      const object = this.#objects.item(bytes, start, end);
      if (object === undefined) return;
      this.#count++;
      this.#deliver(object);
    } else if (depth > 0) {
      this.#objects.read(bytes, start, end, (reader, to) => this.#readListMeta(reader, to));
    } else if (field === 1) {
      this.#kind = this.#objects.read(bytes, start, end, readTypeMeta).kind;
    } else if (this.#kind === "Status") {
      throw createStatusError(this.#place, this.#objects.read(bytes, start, end, decodeStatus));
    }
  }

  #readListMeta(reader: WireReader, end: number): void {
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === 18) this.#resourceVersion = reader.text();
      else if (tag === 26) this.#continue = reader.text();
      else reader.skip(tag);
    }
  }

  #fault(problem: string): unknown {
    return protobufError(this.#place, new WireFault(problem, 0));
  }
}
