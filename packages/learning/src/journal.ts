import { decodeLine, encodeLine } from "@kinglet/durable-files";
import type { JournalFile, JournalFiles } from "./journal-files.ts";

/** How a journal is opened. @internal */
export interface JournalOptions {
  readonly files: JournalFiles;
  readonly maxBytes: number;
  /** Called with each record that is there, in their order, before it is open. */
  readonly take: (record: unknown) => void;
}

const SUFFIX = ".journal";
/** No line is longer: reports are split below it. */
const MAX_LINE_BYTES = 33_554_432;
const NEWLINE = 10;
/** What is written at once: a container may have done so much that all of it as text would be many times what is held of it. */
const WRITE_BYTES = 65_536;
/** Below this size it is not worth a rewrite. */
const MIN_REWRITE_BYTES = 1_048_576;

/**
 * An append-only file of records that is rewritten now and then.
 *
 * Once `append` or `rewrite` has returned, the records survive the end of the process and of the machine. An `append` that was cut off
 * leaves a last line without its end, which is not read. A `rewrite` goes to a new file that takes its name only when it is whole; so
 * there is always one whole file, the one with the highest number.
 *
 * @internal
 */
export class Journal {
  readonly #directory: string;
  readonly #files: JournalFiles;
  readonly #maxBytes: number;
  #number = 0;
  #file: JournalFile | undefined;
  #lock: AsyncDisposable | undefined;
  #bytes = 0;
  #rewrittenBytes = 0;

  private constructor(directory: string, files: JournalFiles, maxBytes: number) {
    this.#directory = directory;
    this.#files = files;
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the directory and reads what is there; the first write begins a file of its own.
   *
   * @returns with it, how many lines nobody can read any more.
   */
  static async open(
    directory: string,
    options: JournalOptions,
  ): Promise<{ readonly journal: Journal; readonly damaged: number }> {
    const { files, maxBytes, take } = options;
    const journal = new Journal(directory, files, maxBytes);
    await files.createDirectory(directory);
    journal.#lock = await files.lock(directory);
    try {
      return { journal, damaged: await journal.#read(take) };
    } catch (error) {
      await journal.end();
      throw error;
    }
  }

  /** Bytes in the directory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when a rewrite is needed before anything can be appended, or would make the file much smaller. */
  get needsRewrite(): boolean {
    return this.#file === undefined || this.#bytes > this.#limit;
  }

  get #limit(): number {
    return Math.min(this.#maxBytes, Math.max(MIN_REWRITE_BYTES, 2 * this.#rewrittenBytes));
  }

  /** Adds records to the end. After an error the next write must be a {@link Journal.rewrite}. */
  async append(records: Iterable<unknown>): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error("nothing to append to");
    try {
      const bytes = await writeLines(file, records);
      await file.sync();
      this.#bytes += bytes;
    } catch (error) {
      // Half a line may stand there: nothing may follow it.
      this.#file = undefined;
      await file.close().catch(() => {});
      throw error;
    }
  }

  /** Begins a new file with these records and removes the old one. */
  async rewrite(records: Iterable<unknown>): Promise<void> {
    const number = this.#number + 1;
    const path = this.#path(number);
    const temporary = `${path}.tmp`;
    let file: JournalFile | undefined;
    let bytes = 0;
    try {
      file = await this.#files.create(temporary);
      bytes = await writeLines(file, records);
      await file.sync();
      await this.#files.rename(temporary, path);
      await this.#files.syncDirectory(this.#directory);
    } catch (error) {
      await file?.close().catch(() => {});
      // What was to be written is in no file now: the next write must be whole again.
      await this.close().catch(() => {});
      throw error;
    }
    const old = this.#file;
    const oldNumber = this.#number;
    this.#number = number;
    this.#file = file;
    this.#bytes = bytes;
    this.#rewrittenBytes = bytes;
    await old?.close().catch(() => {});
    // One that stays is not read again: its number is lower.
    if (oldNumber > 0) await this.#files.unlink(this.#path(oldNumber)).catch(() => {});
  }

  /** Closes it and gives the directory to whoever comes next. */
  async end(): Promise<void> {
    try {
      await this.close();
    } finally {
      await this.#lock?.[Symbol.asyncDispose]();
    }
  }

  /** Closes the file; the next write must be a {@link Journal.rewrite}. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #path(number: number): string {
    return `${this.#directory}/${String(number).padStart(10, "0")}${SUFFIX}`;
  }

  async #read(take: JournalOptions["take"]): Promise<number> {
    let latest = 0;
    const names = await this.#files.names(this.#directory);
    for (const name of names) if (/^\d{10}\.journal$/.test(name)) latest = Math.max(latest, Number.parseInt(name, 10));
    for (const name of names) {
      const isOld = /^\d{10}\.journal(\.tmp)?$/.test(name) && name !== this.#path(latest).slice(-18);
      if (isOld) await this.#files.unlink(`${this.#directory}/${name}`).catch(() => {});
    }
    this.#number = latest;
    if (latest === 0) return 0;
    const reader = new LineReader(take);
    try {
      await this.#files.read(this.#path(latest), (bytes) => reader.add(bytes));
    } catch {
      // A disk that does not give back a block: what came before it is as good as ever, and the loss is counted.
      reader.fail();
    }
    this.#bytes = reader.bytes;
    return reader.damaged;
  }
}

/** @returns how many bytes were written. */
async function writeLines(file: JournalFile, records: Iterable<unknown>): Promise<number> {
  let bytes = 0;
  let lines = "";
  const write = async (): Promise<void> => {
    const chunk = Buffer.from(lines, "utf8");
    lines = "";
    bytes += chunk.length;
    await file.append(chunk);
  };
  for (const record of records) {
    lines += encodeLine(record);
    if (lines.length >= WRITE_BYTES) await write();
  }
  if (lines !== "") await write();
  return bytes;
}

/** Takes records out of chunks of bytes. */
class LineReader {
  damaged = 0;
  bytes = 0;
  readonly #take: JournalOptions["take"];
  #rest: Uint8Array = new Uint8Array(0);

  constructor(take: JournalOptions["take"]) {
    this.#take = take;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#line(Buffer.concat([this.#rest, chunk.subarray(start, end)]));
      this.#rest = new Uint8Array(0);
      start = end + 1;
    }
    // A copy: the chunk is read into again.
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(start)]);
    if (this.#rest.length > MAX_LINE_BYTES) this.fail();
  }

  fail(): void {
    this.damaged += 1;
    this.#rest = new Uint8Array(0);
  }

  #line(bytes: Buffer): void {
    const record = decodeLine(bytes.toString("utf8"));
    if (record === undefined) this.damaged += 1;
    else this.#take(record);
  }
}
