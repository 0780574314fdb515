// Hot path: every byte of the export file passes through here once.
import { Buffer } from "node:buffer";

/** 64 KiB. */
const normalBytes = 65_536;

/**
 * Cuts a stream of bytes into lines in one reused buffer.
 *
 * The buffer has 64 KiB; a longer line makes it grow, up to the longest line allowed, and it shrinks again
 * afterwards. Beyond that a line is passed over without being held.
 *
 * ```
 *   |  done  | line | line | unfinished |  free  |
 *            ^start                     ^end
 * ```
 *
 * @internal
 */
export class LineBuffer {
  /** Bounds of the current line in {@link bytes}, without its line end. */
  lineStart = 0;
  lineEnd = 0;
  /** Position in the file right behind the current line's line end. */
  nextOffset = 0;
  /** Lines that were longer than allowed. */
  tooLong = 0;
  readonly #maxLineBytes: number;
  #bytes: Buffer | undefined;
  #start = 0;
  #end = 0;
  /** Up to here no line end was found. */
  #scanned = 0;
  /** Position in the file of `#end`. */
  #endOffset = 0;
  #isSkipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.allocUnsafeSlow(normalBytes);
    return this.#bytes;
  }

  /** Position in the file up to which bytes came in. */
  get readOffset(): number {
    return this.#endOffset;
  }

  /** Bytes of an unfinished line; also true for one that is being passed over. */
  get hasPartialLine(): boolean {
    return this.#isSkipping || this.#end > this.#start;
  }

  /**
   * Starts over at a position of a file.
   *
   * @param isInsideLine - the position may be inside a line: everything up to the next line end is passed over, uncounted.
   */
  reset(offset: number, isInsideLine = false): void {
    this.#start = 0;
    this.#end = 0;
    this.#scanned = 0;
    this.#endOffset = offset;
    this.nextOffset = offset;
    this.#isSkipping = isInsideLine;
  }

  /** Where the next bytes go. @returns the first free index; there is always room behind it. */
  makeRoom(): number {
    const bytes = this.bytes;
    const held = this.#end - this.#start;
    if (held === 0) {
      this.#moveTo(bytes.length > normalBytes ? Buffer.allocUnsafeSlow(normalBytes) : bytes);
    } else if (bytes.length - this.#end < normalBytes / 4) {
      if (this.#start > 0) this.#moveTo(bytes);
      if (this.#end === bytes.length) this.#grow(bytes);
    }
    return this.#end;
  }

  /** `count` bytes were put where {@link makeRoom} said. */
  added(count: number): void {
    this.#end += count;
    this.#endOffset += count;
  }

  /** Moves on to the next whole line. @returns false when there is none. */
  next(): boolean {
    const bytes = this.bytes;
    while (this.#scanned < this.#end) {
      const newline = bytes.indexOf(0x0a, this.#scanned);
      // Behind `#end` there are bytes of earlier rounds.
      if (newline < 0 || newline >= this.#end) break;
      this.lineStart = this.#start;
      this.lineEnd = newline;
      this.#start = newline + 1;
      this.#scanned = this.#start;
      this.nextOffset = this.#endOffset - (this.#end - this.#start);
      if (this.#isSkipping) {
        this.#isSkipping = false;
        continue;
      }
      if (this.lineEnd - this.lineStart <= this.#maxLineBytes) return true;
      this.tooLong += 1;
    }
    this.#scanned = this.#end;
    if (this.#isSkipping) this.#dropHeld();
    return false;
  }

  #grow(bytes: Buffer): void {
    if (bytes.length > this.#maxLineBytes) {
      // Longer than allowed already: let it pass by.
      this.tooLong += 1;
      this.#isSkipping = true;
      this.#dropHeld();
      this.#moveTo(Buffer.allocUnsafeSlow(normalBytes));
      return;
    }
    this.#moveTo(Buffer.allocUnsafeSlow(Math.min(bytes.length * 2, this.#maxLineBytes + normalBytes)));
  }

  #dropHeld(): void {
    this.#start = this.#end;
    this.#scanned = this.#end;
  }

  #moveTo(target: Buffer): void {
    if (this.#end > this.#start) this.bytes.copy(target, 0, this.#start, this.#end);
    this.#bytes = target;
    this.#scanned -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
