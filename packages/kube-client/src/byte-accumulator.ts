import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "./errors.ts";

const FIRST_CAPACITY = 4096;
/** A buffer that one unusually large object made is not kept beyond this. */
const KEPT_CAPACITY = 262_144;

/**
 * Bytes that arrive in pieces, up to a limit. Starts without a buffer, doubles as needed, and is used again after `clear`.
 */
export class ByteAccumulator {
  readonly #what: string;
  readonly limitBytes: number;
  #buffer: Buffer | undefined;
  #length = 0;

  /** @param what - names the thing in the error when it is too large. */
  constructor(what: string, limitBytes: number) {
    this.#what = what;
    this.limitBytes = limitBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws KINGLET_ERR_KUBE_CLIENT_TOO_LARGE when the limit would be passed. */
  append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#length + (end - start);
    if (length > this.limitBytes) {
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE", {
        what: this.#what,
        limitBytes: this.limitBytes,
      });
    }
    const buffer = this.#ensure(length);
    buffer.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** The bytes as text. */
  text(): string {
    return this.#buffer === undefined ? "" : this.#buffer.toString("utf8", 0, this.#length);
  }

  /** The bytes, until the next `append` or `clear`. */
  bytes(): Buffer {
    return this.#ensure(this.#length).subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#buffer !== undefined && this.#buffer.length > KEPT_CAPACITY) this.#buffer = undefined;
  }

  #ensure(length: number): Buffer {
    const current = this.#buffer;
    if (current !== undefined && current.length >= length) return current;
    let capacity = current === undefined ? FIRST_CAPACITY : current.length * 2;
    while (capacity < length) capacity *= 2;
    // Not from Node's shared pool: this buffer lives as long as the stream and would pin a pool slab.
    const grown = Buffer.allocUnsafeSlow(Math.min(capacity, Math.max(this.limitBytes, length)));
    if (current !== undefined) current.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
    return grown;
  }
}
