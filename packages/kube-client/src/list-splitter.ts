import { ByteAccumulator } from "./byte-accumulator.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What surrounds the items is small (kind, apiVersion, metadata), or a Status. */
const MAX_ENVELOPE_BYTES = 1_048_576;

/**
 * Takes a JSON list apart while it arrives: each element of the top-level `items` array is handed on as text, everything else is
 * kept as the envelope, a JSON text of its own with an empty `items`.
 *
 * The whole list is never in memory: at most one element and one chunk are. Needed because the API server ignores `limit` when it
 * answers `resourceVersion=0` from its watch cache. The splitter tracks strings and nesting only; whether the pieces are
 * JSON is for the caller's `JSON.parse` to say.
 *
 * Hot path: every byte of every list passes the loops below once.
 */
export class ListSplitter {
  readonly #onItem: (text: string) => void;
  readonly #item: ByteAccumulator;
  readonly #envelope = new ByteAccumulator("a list without its items", MAX_ENVELOPE_BYTES);
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** At depth 1: the next string is a key. */
  #isKeyNext = false;
  /** The string being read at depth 1 is a key; how much of it equals `items`, or -1. */
  #keyMatched = -1;
  /** The value that comes next at depth 1 belongs to `items`. */
  #isItemsValue = false;
  #isInItems = false;
  /** Nesting inside the current element, or -1 between elements. */
  #itemDepth = -1;

  /** @param maxItemBytes - a larger element is KINGLET_ERR_KUBE_CLIENT_TOO_LARGE. */
  constructor(maxItemBytes: number, onItem: (text: string) => void) {
    this.#item = new ByteAccumulator("one object of a list", maxItemBytes);
    this.#onItem = onItem;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#itemDepth >= 0 ? this.#readItem(chunk, at) : this.#readEnvelope(chunk, at);
  }

  /** The envelope, or `undefined` when the document is not complete. */
  finish(): string | undefined {
    if (this.#depth !== 0 || this.#isInString || this.#itemDepth >= 0) return undefined;
    return this.#envelope.text();
  }

  /** Reads one element from `from` on; returns where the envelope goes on, or the end of the chunk. */
  #readItem(chunk: Buffer, from: number): number {
    const end = chunk.length;
    let depth = this.#itemDepth;
    let isInString = this.#isInString;
    let at = from;
    while (at < end) {
      if (isInString) {
        if (this.#isEscaped) {
          this.#isEscaped = false;
          at++;
          continue;
        }
        let byte = chunk[at]!;
        while (byte !== QUOTE && byte !== BACKSLASH && ++at < end) byte = chunk[at]!;
        if (at >= end) break;
        at++;
        if (byte === BACKSLASH) {
          this.#isEscaped = true;
          continue;
        }
        isInString = false;
        if (depth === 0) return this.#endItem(chunk, from, at);
        continue;
      }
      const byte = chunk[at]!;
      if (byte === QUOTE) {
        isInString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) return this.#endItem(chunk, from, at);
        if (--depth === 0) return this.#endItem(chunk, from, at + 1);
      } else if (depth === 0 && (byte === COMMA || byte <= 0x20)) {
        return this.#endItem(chunk, from, at);
      }
      at++;
    }
    this.#itemDepth = depth;
    this.#isInString = isInString;
    this.#item.append(chunk, from, end);
    return end;
  }

  #endItem(chunk: Buffer, from: number, to: number): number {
    this.#itemDepth = -1;
    this.#isInString = false;
    if (this.#item.length === 0) {
      this.#onItem(chunk.toString("utf8", from, to));
    } else {
      this.#item.append(chunk, from, to);
      const text = this.#item.text();
      this.#item.clear();
      this.#onItem(text);
    }
    return to;
  }

  /** Reads envelope bytes from `from` on; returns where an element begins, or the end of the chunk. */
  #readEnvelope(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#isInItems) {
        if (byte === COMMA || byte <= 0x20) continue;
        if (byte !== CLOSE_BRACKET) {
          this.#itemDepth = 0;
          return at;
        }
        this.#isInItems = false;
        this.#depth--;
      } else if (this.#isInString) {
        this.#readStringByte(byte);
      } else {
        this.#readStructureByte(byte);
      }
      this.#envelope.append(chunk, at, at + 1);
    }
    return chunk.length;
  }

  #readStringByte(byte: number): void {
    if (this.#isEscaped) {
      this.#isEscaped = false;
      this.#keyMatched = -1;
    } else if (byte === BACKSLASH) {
      this.#isEscaped = true;
    } else if (byte === QUOTE) {
      this.#isInString = false;
      if (this.#depth === 1) this.#isItemsValue = this.#keyMatched === 5;
      this.#keyMatched = -1;
    } else if (this.#keyMatched >= 0) {
      this.#keyMatched =
        this.#keyMatched < 5 && byte === "items".charCodeAt(this.#keyMatched) ? this.#keyMatched + 1 : -1;
    }
  }

  #readStructureByte(byte: number): void {
    if (byte === QUOTE) {
      this.#isInString = true;
      this.#keyMatched = this.#depth === 1 && this.#isKeyNext ? 0 : -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (byte === OPEN_BRACKET && this.#depth === 1 && this.#isItemsValue) this.#isInItems = true;
      this.#depth++;
      this.#isKeyNext = byte === OPEN_BRACE && this.#depth === 1;
      this.#isItemsValue = false;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      this.#depth--;
    } else if (byte === COMMA) {
      this.#isKeyNext = this.#depth === 1;
      this.#isItemsValue = false;
    } else if (byte === COLON) {
      this.#isKeyNext = false;
    }
  }
}
