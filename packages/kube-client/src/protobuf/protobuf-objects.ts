import { createError } from "@kinglet/errors";
import type { RequestPlace } from "../api-error.ts";
import { kubeClientErrors } from "../errors.ts";
import type { ObjectDecoder } from "../object-decoder.ts";
import { readUnknown, type UnknownObject } from "./envelope.ts";
import type { ProtobufDecoder } from "./protobuf-decoder.ts";
import { WireFault } from "./wire-fault.ts";
import type { WireReader } from "./wire-reader.ts";

/**
 * Objects of one resource out of protobuf: the counterpart of {@link ObjectDecoder} for that encoding, which says what is left out.
 *
 * @internal
 */
export class ProtobufObjects {
  readonly #reader: WireReader;
  readonly #decode: ProtobufDecoder;
  readonly #objects: ObjectDecoder;

  constructor(reader: WireReader, decode: ProtobufDecoder, objects: ObjectDecoder) {
    this.#reader = reader;
    this.#decode = decode;
    this.#objects = objects;
  }

  /** An item of a list; `undefined` (counted and logged) when it has no name. @throws WireFault */
  item(bytes: Buffer, start: number, end: number): Record<string, unknown> | undefined {
    this.#reader.begin(bytes, start, end);
    try {
      const object = this.#decode(this.#reader, end);
      this.#reader.end(end);
      return this.#objects.accept(object);
    } finally {
      this.#reader.release();
    }
  }

  /** An object in its envelope; `undefined` (counted and logged) when it is of another kind or has no name. @throws WireFault */
  object(bytes: Buffer, envelope: UnknownObject): Record<string, unknown> | undefined {
    if (!this.#objects.isKind(envelope.kind)) return this.#objects.refuse(envelope.kind);
    return this.item(bytes, envelope.rawStart, envelope.rawEnd);
  }

  /** The envelope that `bytes` are. @throws WireFault */
  envelope(bytes: Buffer, start: number, end: number): UnknownObject {
    this.#reader.begin(bytes, start, end);
    try {
      return readUnknown(this.#reader, end);
    } finally {
      this.#reader.release();
    }
  }

  /** Reads with the client's reader, which is let go of afterwards. @throws WireFault */
  read<T>(bytes: Buffer, start: number, end: number, run: (reader: WireReader, end: number) => T): T {
    this.#reader.begin(bytes, start, end);
    try {
      const value = run(this.#reader, end);
      if (this.#reader.position !== end) throw this.#reader.fault("a message does not end where its length says");
      return value;
    } finally {
      this.#reader.release();
    }
  }
}

/** A fault of the bytes as an error about the request; everything else as it is. @internal */
export function protobufError(place: RequestPlace, error: unknown): unknown {
  if (!(error instanceof WireFault)) return error;
  return createError(
    kubeClientErrors,
    "KINGLET_ERR_KUBE_CLIENT_RESPONSE",
    { ...place, problem: `it is not the protobuf it should be: ${error.message}` },
    { cause: error },
  );
}
