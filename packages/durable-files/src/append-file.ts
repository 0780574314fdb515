import { close, constants, fdatasync, fstat, ftruncate, open, write } from "node:fs";
import { promisify } from "node:util";

/**
 * A file that only grows at its end, of which nothing but whole appends is ever left.
 *
 * Guarantees: once `append` has resolved, the bytes outlive the end of the process (with {@link AppendFile.sync}, of the machine); after one
 * that failed (a full disk) the file is as it was before. One call at a time.
 *
 * With call-backs: `node:fs/promises` costs 0.36 MB of heap (Node 26.10).
 *
 * @public
 */
export class AppendFile {
  readonly #descriptor: number;
  #size: number;
  #isDirty = false;
  #syncing: Promise<void> = Promise.resolve();

  private constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.#size = size;
  }

  /** Opens or creates, mode 0600, never through a link; what lies behind `size` (an append that was cut off) is removed. */
  static async open(path: string, size: number): Promise<AppendFile> {
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
    const descriptor = await promisify(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    const file = new AppendFile(descriptor, size);
    try {
      const found = (await promisify(fstat)(descriptor)).size;
      if (found > size) await file.truncate(size);
      // Whoever shortened it: what was counted on is not there any more, the next append goes to where it ends.
      file.#size = Math.min(found, size);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      let at = 0;
      while (at < bytes.length) {
        at += (await promisify(write)(this.#descriptor, bytes, at, bytes.length - at, null)).bytesWritten;
      }
      this.#size += bytes.length;
      // Not before: a sync that is under way may miss it.
      this.#isDirty = true;
    } catch (error) {
      // Half a line may stand there: nothing may follow it.
      await this.truncate(this.#size);
      throw error;
    }
  }

  async truncate(size: number): Promise<void> {
    await promisify(ftruncate)(this.#descriptor, size);
    this.#size = size;
  }

  /** What was appended before survives a power cut; nothing to do when nothing was. Beside an `append`, too. */
  sync(): Promise<void> {
    this.#syncing = this.#syncing.catch(() => {}).then(() => this.#syncOnce());
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await promisify(fdatasync)(this.#descriptor);
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    // Its number may be another file's as soon as it is closed.
    await this.#syncing.catch(() => {});
    await promisify(close)(this.#descriptor).catch(() => {
      // Nothing of ours is buffered.
    });
  }
}
