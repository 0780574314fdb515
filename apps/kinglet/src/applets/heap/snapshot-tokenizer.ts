import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";
import { StringBytes } from "./string-bytes.ts";

/**
 * How a top-level section is read.
 *
 * - `text`: its JSON text as one string (at most 1 MiB)
 * - `numbers`: a flat array of non-negative integers
 * - `strings`: a flat array of strings
 * - `skip`: not looked at
 */
export type SectionMode = "text" | "numbers" | "strings" | "skip";

/** Takes what the tokenizer finds, in file order. */
export interface SnapshotSink {
  /** Called once per section, before its content; `offset` is the file offset behind its name. */
  beginSection(name: string, offset: number): SectionMode;
  /** Content of a `text` section. */
  takeText(text: string): void;
  /** The next `count` values of a `numbers` section; `values` is reused, copy what you keep. */
  takeNumbers(values: Float64Array, count: number): void;
  /** The next string of a `strings` section; `bytes` is reused, call `toString()` on it only for strings you keep. */
  takeString(bytes: StringBytes): void;
  /** The `]` of a `numbers` or `strings` section was read. */
  endSection(): void;
}

const start = 0;
const keyOrEnd = 1;
const keyStart = 2;
const inKey = 3;
const colon = 4;
const value = 5;
const inValue = 6;
const numberOrEnd = 7;
const numberStart = 8;
const inNumber = 9;
const afterNumber = 10;
const stringOrEnd = 11;
const stringStart = 12;
const inString = 13;
const afterString = 14;
const afterValue = 15;
const done = 16;

const quote = 0x22;
const comma = 0x2c;
const zero = 0x30;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

const maxKeyBytes = 64;
const maxTextBytes = 1_048_576;
const batchSize = 8_192;

/**
 * Cuts a V8 heap snapshot into numbers and strings, byte by byte, in whatever pieces it comes.
 *
 * Guarantees: the same calls to the sink for every division of the bytes into chunks (only batches of numbers differ in length); memory
 * does not depend on the size of the file; anything that is not the expected JSON throws at the byte where it shows. The order of
 * sections is left to the sink.
 *
 * The format is what V8 writes in `HeapSnapshotJSONSerializer` (src/profiler/heap-snapshot-generator.cc): one object whose members are
 * `snapshot` (meta data and counts), flat arrays of non-negative integers (`nodes`, `edges`, `samples`, `locations`), the `trace_*`
 * members, which nest, and `strings`, last.
 *
 * Hot path: once per byte of the file; no allocation per byte, number or string.
 */
export class SnapshotTokenizer {
  readonly #path: string;
  readonly #sink: SnapshotSink;
  readonly #batch = new Float64Array(batchSize);
  readonly #bytes = new StringBytes();
  #batched = 0;
  #state = start;
  #section = "";
  #mode: SectionMode = "skip";
  /** File offset of the chunk being read. */
  #offset = 0;
  #number = 0;
  /** Of a value that is skipped or taken as text. */
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;
  #text: Uint8Array[] = [];
  #textBytes = 0;

  /** @param path - for messages only. */
  constructor(path: string, sink: SnapshotSink) {
    this.#path = path;
    this.#sink = sink;
  }

  /** True when the closing brace of the file was read. */
  get isDone(): boolean {
    return this.#state === done;
  }

  /** Starts not at the beginning of the file but behind the name of a section, at the offset given with {@link SnapshotSink.beginSection}. */
  resumeAt(section: string, offset: number): void {
    this.#offset = offset;
    this.#section = section;
    this.#mode = this.#sink.beginSection(section, offset);
    this.#state = colon;
  }

  /**
   * Reads the next bytes of the file.
   *
   * @throws `KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT` at the first byte that cannot be.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case inValue:
          at = this.#readValue(chunk, at);
          break;
        case inNumber:
        case numberStart:
        case numberOrEnd:
        case afterNumber:
          at = this.#readNumbers(chunk, at);
          break;
        case inString:
          at = this.#readString(chunk, at);
          break;
        case inKey:
          at = this.#readKey(chunk, at);
          break;
        default:
          at = this.#step(chunk, at);
      }
    }
    this.#flush();
    this.#offset += chunk.length;
  }

  /**
   * Call at the end of the file.
   *
   * @throws `KINGLET_ERR_KINGLET_HEAP_TRUNCATED` when the snapshot is not complete.
   */
  end(): void {
    if (this.#state === done) return;
    const where = this.#section === "" ? "before its first section" : `in or after "${this.#section}"`;
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_TRUNCATED", {
      path: this.#path,
      bytes: this.#offset,
      where,
    });
  }

  /** One byte between values; white space is permitted everywhere here. */
  #step(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] as number;
    if (isSpace(byte)) return at + 1;
    switch (this.#state) {
      case start:
        if (byte !== openObject) this.#refuse(at, "it does not start with {");
        this.#state = keyOrEnd;
        return at + 1;
      case keyOrEnd:
      case keyStart:
        if (byte === closeObject && this.#state === keyOrEnd) this.#state = done;
        else if (byte === quote) this.#state = inKey;
        else this.#refuse(at, "expected the name of a section");
        this.#bytes.clear();
        return at + 1;
      case colon:
        if (byte !== 0x3a) this.#refuse(at, "expected a colon");
        this.#state = value;
        return at + 1;
      case value:
        return this.#beginValue(byte, at);
      case afterValue:
        if (byte === comma) this.#state = keyStart;
        else if (byte === closeObject) this.#state = done;
        else this.#refuse(at, "expected a comma or the end");
        return at + 1;
      case stringOrEnd:
      case stringStart:
        if (byte === quote) {
          this.#bytes.clear();
          this.#state = inString;
        } else if (byte === closeArray && this.#state === stringOrEnd) this.#endArray();
        else this.#refuse(at, "expected a string");
        return at + 1;
      case afterString:
        if (byte === comma) this.#state = stringStart;
        else if (byte === closeArray) this.#endArray();
        else this.#refuse(at, "expected a comma or ]");
        return at + 1;
      default:
        return this.#refuse(at, "something follows the end");
    }
  }

  #beginValue(byte: number, at: number): number {
    if (this.#mode === "numbers" || this.#mode === "strings") {
      if (byte !== openArray) this.#refuse(at, "expected an array");
      this.#state = this.#mode === "numbers" ? numberOrEnd : stringOrEnd;
      return at + 1;
    }
    this.#depth = 0;
    this.#isQuoted = false;
    this.#isEscaped = false;
    this.#text = [];
    this.#textBytes = 0;
    this.#state = inValue;
    return at;
  }

  #readKey(chunk: Uint8Array, at: number): number {
    for (let i = at; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === quote) {
        this.#section = this.#bytes.toString();
        this.#mode = this.#sink.beginSection(this.#section, this.#offset + i + 1);
        this.#state = colon;
        return i + 1;
      }
      if (byte < 0x20 || byte > 0x7e || byte === backslash || this.#bytes.length === maxKeyBytes) {
        this.#refuse(i, "this is no name of a section");
      }
      this.#bytes.add(byte);
    }
    return chunk.length;
  }

  /** A value of any shape, skipped or kept as text; ends before the comma or brace that follows it. */
  #readValue(chunk: Uint8Array, at: number): number {
    let depth = this.#depth;
    let isQuoted = this.#isQuoted;
    let isEscaped = this.#isEscaped;
    let isOver = false;
    let i = at;
    for (; i < chunk.length; i++) {
      let byte = chunk[i] as number;
      if (isQuoted) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isQuoted = false;
        continue;
      }
      if (depth > 0) {
        // Digits, commas and line breaks inside an array: nearly every byte of a skipped section.
        while (byte < openArray && byte !== quote && ++i < chunk.length) byte = chunk[i] as number;
        if (i === chunk.length) break;
      }
      if (byte === quote) isQuoted = true;
      else if (byte === openArray || byte === openObject) depth++;
      else if (depth === 0 && (byte === comma || byte === closeObject)) {
        isOver = true;
        break;
      } else if (byte === closeArray || byte === closeObject) {
        if (depth === 0) this.#refuse(i, "a bracket closes nothing");
        depth--;
      }
    }
    this.#depth = depth;
    this.#isQuoted = isQuoted;
    this.#isEscaped = isEscaped;
    if (this.#mode === "text") this.#keepText(chunk, at, i);
    if (isOver) {
      this.#state = afterValue;
      if (this.#mode === "text")
        this.#sink.takeText(new TextDecoder().decode(concatenate(this.#text, this.#textBytes)));
      this.#text = [];
    }
    return i;
  }

  #keepText(chunk: Uint8Array, from: number, to: number): void {
    this.#textBytes += to - from;
    if (this.#textBytes > maxTextBytes) this.#refuse(from, `section "${this.#section}" is larger than 1 MiB`);
    // A copy: the caller reuses the chunk.
    if (to > from) this.#text.push(chunk.slice(from, to));
  }

  #readNumbers(chunk: Uint8Array, at: number): number {
    let state = this.#state;
    let number = this.#number;
    const end = chunk.length;
    let i = at;
    while (i < end) {
      let digit = (chunk[i] as number) - zero;
      if (digit >= 0 && digit <= 9) {
        if (state === afterNumber) this.#refuse(i, "expected a comma or ]");
        if (state !== inNumber) number = 0;
        state = inNumber;
        // Nearly every byte of a snapshot passes here.
        do {
          number = number * 10 + digit;
          if (++i === end) break;
          digit = (chunk[i] as number) - zero;
        } while (digit >= 0 && digit <= 9);
        if (number > Number.MAX_SAFE_INTEGER) this.#refuse(i, "a number is larger than 2^53");
        continue;
      }
      const byte = digit + zero;
      if (byte === comma && (state === inNumber || state === afterNumber)) {
        this.#emit(number);
        state = numberStart;
      } else if (isSpace(byte)) {
        if (state === inNumber) state = afterNumber;
      } else if (byte === closeArray && state !== numberStart) {
        if (state !== numberOrEnd) this.#emit(number);
        this.#flush();
        this.#endArray();
        return i + 1;
      } else {
        this.#refuse(i, "expected a non-negative integer");
      }
      i++;
    }
    this.#state = state;
    this.#number = number;
    return i;
  }

  #readString(chunk: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    for (let i = at; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (bytes.isInEscape) {
        if (!bytes.addEscaped(byte)) this.#refuse(i, "a string has an escape that JSON does not know");
      } else if (byte === quote) {
        this.#sink.takeString(bytes);
        this.#state = afterString;
        return i + 1;
      } else if (byte === backslash) bytes.beginEscape();
      else if (byte < 0x20) this.#refuse(i, "a string has a raw control character");
      else bytes.add(byte);
    }
    return chunk.length;
  }

  #emit(number: number): void {
    this.#batch[this.#batched++] = number;
    if (this.#batched === batchSize) this.#flush();
  }

  #flush(): void {
    if (this.#batched > 0) this.#sink.takeNumbers(this.#batch, this.#batched);
    this.#batched = 0;
  }

  #endArray(): void {
    this.#state = afterValue;
    this.#sink.endSection();
  }

  #refuse(at: number, reason: string): never {
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT", {
      path: this.#path,
      reason: `${reason} (byte ${this.#offset + at})`,
    });
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
