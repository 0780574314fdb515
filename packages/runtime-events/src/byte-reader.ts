import type { Buffer } from "node:buffer";

/** Bytes one after another. @internal */
export interface ByteReader {
  /** @returns how many bytes were put into `target`; 0 at the end, for now. */
  read(target: Buffer, targetStart: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** Reads from an open file at a position; 0 at the end. @internal */
export type ReadAt = (target: Buffer, targetStart: number, length: number, position: number) => Promise<number>;
