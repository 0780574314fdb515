import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** As Tetragon's export by default: 10 MB a file, five old ones kept. */
const maxBytes = 10_000_000;
const keptFiles = 5;

/** An export file that is rotated as Tetragon's. */
export class RotatedFile implements Disposable {
  readonly path: string;
  readonly #old: string[] = [];
  #file: number;
  #bytes = 0;
  /** Bytes written, of all files. */
  total = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "a", 0o644);
  }

  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const bytes = writeSync(this.#file, `${lines.join("\n")}\n`);
    this.#bytes += bytes;
    this.total += bytes;
    if (this.#bytes >= maxBytes) this.#rotate();
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    closeSync(this.#file);
    const stamp = new Date().toISOString().replace(/:/g, "-").replace("Z", "");
    const old = join(dirname(this.path), `tetragon-${stamp}.log`);
    renameSync(this.path, old);
    this.#old.push(old);
    while (this.#old.length > keptFiles) rmSync(this.#old.shift()!, { force: true });
    this.#file = openSync(this.path, "a", 0o644);
    this.#bytes = 0;
  }
}
