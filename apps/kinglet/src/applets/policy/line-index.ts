/** A place in a text; both begin with 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Knows on which line and column an offset of a text is; found by halving. */
export class LineIndex {
  /** Offsets at which lines begin, ascending. */
  readonly #starts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** The place of an offset; what is before the text is its beginning. */
  at(offset: number): Position {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: Math.max(offset - (this.#starts[low] as number), 0) + 1 };
  }
}
