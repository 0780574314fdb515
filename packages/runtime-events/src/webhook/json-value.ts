// Hot path: every byte of a body passes through here once. Budget: no allocation per byte or per value, one copy of what is kept.
import { Buffer } from "node:buffer";

/** Bounds of one value. @internal */
export interface JsonValueLimits {
  /** What is kept of a value at most, bytes; a larger one is passed over without being held. */
  readonly maxBytes: number;
  /** Objects and arrays inside one another; a deeper value is passed over. */
  readonly maxDepth: number;
  /**
   * Members of the value (an object) that may be left out: name to the bytes up to which they are kept. Where one is larger, or deeper than
   * `maxDepth`, `null` stands in its place, and it does not count against `maxBytes`. Names as they are written, without escapes.
   */
  readonly optionalMembers: ReadonlyMap<string, number>;
}

/** What is kept of a value: all of it, or nothing because it went beyond a bound. @internal */
export type JsonValueOutcome = "whole" | "too-large" | "too-deep";

/** The buffer that is kept between values, bytes. */
const normalBytes = 16_384;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/**
 * Finds the end of one JSON value in bytes that come in pieces, and keeps the value.
 *
 * It knows strings, escapes and brackets, not grammar: whoever wants to know whether the value is JSON parses what was kept. Brackets are
 * counted, not paired, so an optional member that was left out is not checked.
 *
 * @internal
 */
export class JsonValue {
  outcome: JsonValueOutcome = "whole";
  /** Its last byte was seen. */
  isComplete = false;
  readonly #limits: JsonValueLimits;
  #kept: Buffer = Buffer.alloc(0);
  #length = 0;
  #depth = 0;
  /** Of a value that is neither in quotes nor in brackets: it ends where something else begins. */
  #isBare = false;
  #isInString = false;
  #isEscaped = false;
  /** At depth 1 of an object: the next string is a name. */
  #isNameNext = false;
  /** Where the name begins in what is kept, behind its quote; -1 outside a name. */
  #nameAt = -1;
  /** Bytes up to which the member that follows the last name is kept; -1: it is not optional. */
  #nameLimit = -1;
  /** Where the optional member's value begins in what is kept; -1 outside one. */
  #memberAt = -1;
  #memberLimit = -1;
  /** Nothing is kept at the moment: the rest of an optional member, or of a value that was given up. */
  #isSkipping = false;

  constructor(limits: JsonValueLimits) {
    this.#limits = limits;
  }

  /** Bytes held at the moment. */
  get heldBytes(): number {
    return this.#kept.length;
  }

  /** The value as text, when it is complete and whole. */
  text(): string {
    return this.#kept.toString("utf8", 0, this.#length);
  }

  /**
   * The value without the rest of its members, when there are no more bytes in the midst of an optional member that is being left out; else undefined.
   */
  cutText(): string | undefined {
    const isLeavingOut = this.#memberAt >= 0 && this.#isSkipping && this.outcome === "whole";
    return isLeavingOut ? `${this.text()}}` : undefined;
  }

  /** Forgets the value and starts with the next one; the first byte given then must not be white space. */
  reset(): void {
    if (this.#kept.length > normalBytes) this.#kept = Buffer.alloc(0);
    this.outcome = "whole";
    this.isComplete = false;
    this.#length = 0;
    this.#depth = 0;
    this.#isBare = false;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#isNameNext = false;
    this.#nameAt = -1;
    this.#nameLimit = -1;
    this.#memberAt = -1;
    this.#memberLimit = -1;
    this.#isSkipping = false;
  }

  /**
   * Reads on in `bytes` from `from` up to `to`.
   *
   * @returns the index behind what belongs to the value; `to` while its end has not been seen.
   */
  push(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let run = from;
    if (this.#depth === 0 && !this.#isInString && !this.#isBare) at = this.#begin(bytes, from);
    while (at < to) {
      if (this.#isInString) {
        at = this.#pastString(bytes, at, to);
        if (this.#isInString) break;
        if (this.#nameAt >= 0) {
          this.#keep(bytes, run, at);
          run = at;
          this.#endName();
        }
        if (this.#depth === 0) return this.#end(bytes, run, at);
        continue;
      }
      const byte = bytes[at]!; // at < to <= length
      if (this.#isBare) {
        if (isBareEnd(byte)) return this.#end(bytes, run, at);
        at += 1;
        continue;
      }
      at += 1;
      if (byte === quote) {
        this.#isInString = true;
        if (this.#isNameNext && this.#depth === 1) {
          this.#keep(bytes, run, at);
          run = at;
          this.#nameAt = this.#length;
          this.#isNameNext = false;
        }
      } else if (byte === openBrace || byte === openBracket) {
        this.#depth += 1;
        if (this.#depth > this.#limits.maxDepth) {
          if (this.#memberAt >= 0) this.#leaveMemberOut();
          else this.#giveUp("too-deep");
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#depth <= 0) {
          run = this.#endMember(bytes, run, at - 1);
          return this.#end(bytes, run, at);
        }
      } else if (this.#depth === 1) {
        if (byte === comma) {
          run = this.#endMember(bytes, run, at - 1);
          this.#isNameNext = true;
        } else if (byte === colon && this.#nameLimit >= 0) {
          this.#keep(bytes, run, at);
          run = at;
          this.#memberAt = this.#length;
          this.#memberLimit = this.#nameLimit;
          this.#nameLimit = -1;
        }
      }
    }
    this.#keep(bytes, run, to);
    return to;
  }

  /** There are no more bytes: a value without quotes and brackets ends here. @returns whether the value is complete. */
  finish(): boolean {
    if (this.#isBare) this.isComplete = true;
    return this.isComplete;
  }

  #begin(bytes: Buffer, from: number): number {
    const first = bytes[from];
    if (first === quote) this.#isInString = true;
    else if (first === openBrace || first === openBracket) {
      this.#depth = 1;
      this.#isNameNext = first === openBrace;
    } else {
      this.#isBare = true;
      return from;
    }
    return from + 1;
  }

  #pastString(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let isEscaped = this.#isEscaped;
    while (at < to) {
      const byte = bytes[at]!; // at < to <= length
      at += 1;
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) {
        this.#isInString = false;
        break;
      }
    }
    this.#isEscaped = isEscaped;
    return at;
  }

  #endName(): void {
    const { optionalMembers } = this.#limits;
    if (optionalMembers.size > 0 && !this.#isSkipping) {
      // A name longer than any that is looked for needs no text.
      const length = this.#length - 1 - this.#nameAt;
      const name = length > 64 ? "" : this.#kept.toString("latin1", this.#nameAt, this.#length - 1);
      this.#nameLimit = optionalMembers.get(name) ?? -1;
    }
    this.#nameAt = -1;
  }

  #endMember(bytes: Buffer, run: number, at: number): number {
    if (this.#memberAt < 0) return run;
    this.#keep(bytes, run, at);
    const isCut = this.#isSkipping && this.outcome === "whole";
    this.#memberAt = -1;
    this.#memberLimit = -1;
    if (isCut) this.#isSkipping = false;
    return at;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#isSkipping || from >= to) return;
    const length = this.#length + to - from;
    if (this.#memberAt >= 0 && length - this.#memberAt > this.#memberLimit) {
      this.#leaveMemberOut();
      return;
    }
    if (length > this.#limits.maxBytes) {
      this.#giveUp("too-large");
      return;
    }
    this.#makeRoom(to - from);
    this.#length += bytes.copy(this.#kept, this.#length, from, to);
  }

  /** What the sender puts into an optional member must not make the rest of the value unread. */
  #leaveMemberOut(): void {
    if (this.#isSkipping) return;
    this.#length = this.#memberAt;
    this.#makeRoom(4);
    this.#length += this.#kept.write("null", this.#length, "latin1");
    this.#isSkipping = true;
  }

  #makeRoom(count: number): void {
    const length = this.#length + count;
    if (length <= this.#kept.length) return;
    const capacity = Math.max(normalBytes, Math.min(2 * this.#kept.length, this.#limits.maxBytes + 4), length);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#kept.copy(larger, 0, 0, this.#length);
    this.#kept = larger;
  }

  #giveUp(outcome: "too-large" | "too-deep"): void {
    if (this.outcome !== "whole") return;
    this.outcome = outcome;
    this.#isSkipping = true;
    this.#length = 0;
    if (this.#kept.length > normalBytes) this.#kept = Buffer.alloc(0);
  }

  #end(bytes: Buffer, run: number, at: number): number {
    this.#keep(bytes, run, at);
    this.isComplete = true;
    return at;
  }
}

function isBareEnd(byte: number): boolean {
  return byte <= 0x20 || byte === comma || byte === closeBracket || byte === closeBrace;
}
