import { ByteAccumulator } from "./byte-accumulator.ts";

/**
 * Splits a byte stream into lines at 0x0A and nothing else: U+2028, U+2029 and carriage returns are content.
 *
 * Hot path: called once per chunk of a watch. A line inside one chunk is decoded from it without a copy; only a line across a
 * chunk border is gathered. Multi-byte characters across borders are therefore whole.
 */
export class LineSplitter {
  readonly #rest: ByteAccumulator;

  /** @param maxLineBytes - a longer line is KINGLET_ERR_KUBE_CLIENT_TOO_LARGE. */
  constructor(maxLineBytes: number) {
    this.#rest = new ByteAccumulator("one watch event", maxLineBytes);
  }

  /** Appends the lines that `chunk` completes to `lines`, without their ends; empty lines are left out. */
  push(chunk: Buffer, lines: string[]): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end === -1) break;
      // What is too long for the rest is refused by it, also where it came as a whole.
      if (this.#rest.length > 0 || end - start > this.#rest.limitBytes) {
        this.#rest.append(chunk, start, end);
        lines.push(this.#rest.text());
        this.#rest.clear();
      } else if (end > start) {
        lines.push(chunk.toString("utf8", start, end));
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.append(chunk, start, chunk.length);
  }
}
