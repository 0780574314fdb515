import type { WireReader } from "./wire-reader.ts";

/**
 * Decodes one object whose bytes begin at the reader's position and end at `end`.
 *
 * @public
 */
export type ProtobufDecoder = (reader: WireReader, end: number) => Record<string, unknown>;

/**
 * What a decoder that was written at build time needs of this package: nothing is imported by it, so it can live anywhere.
 *
 * @public
 */
export interface DecoderToolkit {
  /** A constructor of plain objects with a hidden class of its own. */
  createShape(): new () => Record<string, unknown>;
  /** Sets a key of a map; a key named `__proto__` must not become the prototype. */
  setKey(map: Record<string, unknown>, key: string, value: unknown): void;
}

/** Makes a decoder. Called once per projection. @public */
export type ProtobufDecoderFactory = (toolkit: DecoderToolkit) => ProtobufDecoder;
