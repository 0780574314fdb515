import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const names = ["open", "read", "stat", "fstat", "readdir", "close"] as const;

/**
 * Lets something happen right before the n-th asynchronous call to the file system, counted from 1: the moment between two looks of a
 * reader, chosen instead of awaited.
 */
export class BeforeFileCall implements Disposable {
  readonly #originals = names.map((name) => [name, fs[name]] as const);
  #calls = 0;

  constructor(at: number, happen: () => void) {
    for (const [name, original] of this.#originals) {
      const call = original as (...args: unknown[]) => unknown;
      Object.assign(fs, {
        [name]: (...args: unknown[]): unknown => {
          this.#calls += 1;
          if (this.#calls === at) happen();
          return call(...args);
        },
      });
    }
    syncBuiltinESMExports();
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  [Symbol.dispose](): void {
    for (const [name, original] of this.#originals) Object.assign(fs, { [name]: original });
    syncBuiltinESMExports();
  }
}
