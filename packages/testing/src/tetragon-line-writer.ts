import { open, rename, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes an export file as Tetragon does: appending, and rotating by rename to `tetragon-<time>.log`.
 */
export class TetragonLineWriter {
  readonly path: string;
  #file: FileHandle | undefined;
  #rotations = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Appends whole lines. */
  async write(...lines: readonly string[]): Promise<void> {
    await this.#append(lines.map((line) => `${line}\n`).join(""));
  }

  /** Appends text as it is: a part of a line, or bytes that are no line at all. */
  async writePartial(text: string | Uint8Array): Promise<void> {
    await this.#append(text);
  }

  /**
   * Renames the file away; the next write starts a new one under the old name.
   *
   * @returns the path of the old file.
   */
  async rotate(): Promise<string> {
    await this.#handle();
    await this.close();
    const stamp = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#rotations++))
      .toISOString()
      .replace(/:/g, "-")
      .replace("Z", "");
    const target = join(dirname(this.path), `tetragon-${stamp}.log`);
    await rename(this.path, target);
    return target;
  }

  /** Closes the file; a later write opens it again. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(data: string | Uint8Array): Promise<void> {
    await (await this.#handle()).appendFile(data);
  }

  async #handle(): Promise<FileHandle> {
    this.#file ??= await open(this.path, "a", 0o600);
    return this.#file;
  }
}
