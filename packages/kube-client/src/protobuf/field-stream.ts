import { ByteAccumulator } from "../byte-accumulator.ts";
import { WireFault } from "./wire-fault.ts";

/** What to do with the field whose head was read: enter it (its fields come next), gather it, or pass it over. @internal */
export type FieldChoice = "enter" | "take" | "skip";

/** Takes a message apart while it arrives. @internal */
export interface FieldSink {
  /** Called for each field of the type "length-delimited", with how many messages were entered. */
  choose(field: number, depth: number): FieldChoice;
  /** A complete field that was to be taken; the bytes are only there during the call. */
  take(field: number, depth: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Reads fields of protobuf messages from chunks: a field that is taken is handed on as soon as it is complete, from the chunk itself when it lies in one.
 * Never more than one taken field is held.
 *
 * Hot path: once per object of a list; the objects' own bytes are not looked at.
 *
 * @internal
 */
export class FieldStream {
  readonly #sink: FieldSink;
  readonly #gathered: ByteAccumulator;
  /** Bytes left of each message that was entered. */
  readonly #left: number[] = [];
  #value = 0;
  #factor = 1;
  #tag = 0;
  /** The field being read: its length (-1: its head comes next), and what is done with it. */
  #length = -1;
  #isTaken = false;
  /** The head just read opened a message. */
  #isEntered = false;
  #position = 0;
  readonly #noBytes: Buffer = Buffer.alloc(0);

  /** @param maxFieldBytes - a larger field to be taken is KINGLET_ERR_KUBE_CLIENT_TOO_LARGE. */
  constructor(sink: FieldSink, maxFieldBytes: number) {
    this.#sink = sink;
    this.#gathered = new ByteAccumulator("one object of a list", maxFieldBytes);
  }

  /** True where the stream may end: between two fields of the outermost message. */
  get isComplete(): boolean {
    return this.#length === -1 && this.#tag === 0 && this.#factor === 1 && this.#left.length === 0;
  }

  push(chunk: Buffer, from: number): void {
    let at = from;
    while (at < chunk.length) {
      const start = at;
      at = this.#length === -1 ? this.#readHead(chunk, at) : this.#readValue(chunk, at);
      this.#count(at - start);
    }
  }

  /** Reads bytes of a tag or a length; returns where it stopped. */
  #readHead(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++]!; // at < length
      this.#value += (byte & 0x7f) * this.#factor;
      if (byte >= 0x80) {
        this.#factor *= 128;
        // Ten bytes is the longest number; of a varint value only its end matters.
        if (this.#factor > 2 ** 63) throw this.#fault("a number of more than ten bytes");
        continue;
      }
      const value = this.#value;
      this.#value = 0;
      this.#factor = 1;
      if (this.#tag === 0) this.#startField(value);
      else if ((this.#tag & 7) === 0) this.#tag = 0;
      else this.#startValue(value);
      return at;
    }
    return at;
  }

  #startField(tag: number): void {
    if (tag < 8 || tag > 0xffffffff) throw this.#fault(`the tag ${tag}`);
    const type = tag & 7;
    if (type !== 0 && type !== 1 && type !== 2 && type !== 5) throw this.#fault(`wire type ${type}`);
    this.#tag = tag;
    if (type === 1 || type === 5) {
      this.#length = type === 1 ? 8 : 4;
      this.#isTaken = false;
    }
  }

  #startValue(length: number): void {
    if (length > 0xffffffff) throw this.#fault("a length of more than 32 bits");
    const depth = this.#left.length;
    const choice = this.#sink.choose(this.#tag >>> 3, depth);
    if (choice === "enter") {
      this.#tag = 0;
      this.#left.push(length);
      this.#isEntered = true;
      return;
    }
    this.#isTaken = choice === "take";
    this.#length = length;
    if (length === 0) this.#endValue(this.#noBytes, 0, 0);
  }

  #readValue(chunk: Buffer, from: number): number {
    const gathered = this.#isTaken ? this.#gathered.length : 0;
    const missing = this.#length - gathered;
    const end = from + missing;
    if (!this.#isTaken) {
      const to = Math.min(end, chunk.length);
      this.#length -= to - from;
      if (this.#length === 0) this.#endValue(this.#noBytes, 0, 0);
      return to;
    }
    if (end > chunk.length) {
      this.#gathered.append(chunk, from, chunk.length);
      return chunk.length;
    }
    if (gathered === 0) {
      this.#endValue(chunk, from, end);
    } else {
      this.#gathered.append(chunk, from, end);
      const bytes = this.#gathered.bytes();
      this.#endValue(bytes, 0, bytes.length);
      this.#gathered.clear();
    }
    return end;
  }

  #endValue(bytes: Buffer, start: number, end: number): void {
    const field = this.#tag >>> 3;
    this.#tag = 0;
    this.#length = -1;
    if (this.#isTaken) this.#sink.take(field, this.#left.length, bytes, start, end);
  }

  /** Counts bytes off the messages they belong to, and leaves those that end here. */
  #count(bytes: number): void {
    this.#position += bytes;
    // The length just read belongs to the message outside the one it opened.
    const inner = this.#isEntered ? this.#left.length - 1 : this.#left.length;
    this.#isEntered = false;
    for (let index = 0; index < inner; index++) {
      const left = this.#left[index]! - bytes; // index < length
      if (left < 0) throw this.#fault("a message does not end where its length says");
      this.#left[index] = left;
    }
    while (this.#left.length > 0 && this.#left[this.#left.length - 1] === 0) {
      if (this.#tag !== 0 || this.#length !== -1 || this.#factor !== 1) {
        throw this.#fault("a message does not end where its length says");
      }
      this.#left.pop();
    }
  }

  #fault(problem: string): WireFault {
    return new WireFault(problem, this.#position);
  }
}
