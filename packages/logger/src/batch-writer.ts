import { write, writeSync } from "node:fs";
import { createError } from "@kinglet/errors";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import { loggerErrors } from "./errors.ts";

/** Where bytes go: an open descriptor that may change between batches. */
export interface BatchTarget {
  /** For error texts, e.g. `stderr`. */
  readonly name: string;
  /** Called before each batch of `bytes`; returns the descriptor to write to. May throw. */
  prepare(bytes: number): number;
  /** Called after a batch was written. */
  written(bytes: number): void;
  /** Releases the descriptor if it is owned. `isBusy`: a write is still under way in it. */
  close(isBusy: boolean): void;
}

interface Entry {
  readonly text: string;
  readonly bytes: number;
  readonly resolve: (() => void) | undefined;
  readonly reject: ((error: Error) => void) | undefined;
}

/** Bytes of one write; larger ones gain nothing and hold memory. */
const maxBatchBytes = 65_536;
const firstRetryMs = 5;
const longestRetryMs = 250;
/** How long a write may be under way before `flushSync` takes the reader for gone. */
const stuckAfterMs = 1000;
const disposeTimeoutMs = 1000;

/**
 * Lines to a descriptor: one write in flight, waiting lines coalesced, partial writes continued, so lines never interleave.
 *
 * @internal
 */
export class BatchWriter implements AsyncDisposable {
  /** Lines given up so far: buffer full, device full, reader gone. */
  dropped = 0;
  /** Bytes that wait or are under way. */
  bufferedBytes = 0;

  readonly #target: BatchTarget;
  readonly #maxBufferedBytes: number;
  readonly #clock: Clock;
  #queue: Entry[] = [];
  #batch: readonly Entry[] = [];
  #buffer: Buffer | undefined;
  #offset = 0;
  #fd = -1;
  #startedAtMs = 0;
  #retryMs = firstRetryMs;
  #retryTimer: ClockTimer | undefined;
  #isTorn = false;
  #closedBy: Error | undefined;

  constructor(target: BatchTarget, maxBufferedBytes: number, clock: Clock) {
    this.#target = target;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#closedBy !== undefined;
  }

  tryWrite(line: string): boolean {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#closedBy !== undefined || this.bufferedBytes + bytes > this.#maxBufferedBytes) {
      this.dropped++;
      return false;
    }
    this.#push(line, bytes, undefined, undefined);
    return true;
  }

  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy === undefined) this.#push(line, Buffer.byteLength(line) + 1, resolve, reject);
      else reject(this.#closedError());
    });
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closedBy !== undefined || this.bufferedBytes === 0) resolve();
      else this.#queue.push({ text: "", bytes: 0, resolve, reject: () => resolve() });
    });
  }

  flushSync(): void {
    if (this.#closedBy !== undefined) return;
    if (this.#buffer !== undefined) {
      if (this.#clock.monotonicMs() - this.#startedAtMs > stuckAfterMs) return;
      // The write under way belongs to another thread and cannot be asked; it needs microseconds unless the reader is stuck.
      pause(20);
    }
    const text = this.#queue.map((entry) => entry.text).join("");
    this.#settleAll(this.#queue, undefined);
    this.#queue = [];
    if (text !== "") this.#writeSync(Buffer.from(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closedBy !== undefined) return;
    let timer: ClockTimer | undefined;
    await Promise.race([
      this.flush(),
      new Promise<void>((resolve) => {
        timer = this.#clock.startTimer(resolve, disposeTimeoutMs);
      }),
    ]);
    timer?.cancel();
    this.#close(new Error("disposed"));
  }

  #push(line: string, bytes: number, resolve: Entry["resolve"], reject: Entry["reject"]): void {
    this.#queue.push({ text: `${line}\n`, bytes, resolve, reject });
    this.bufferedBytes += bytes;
    if (this.#buffer === undefined) this.#next();
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#closedBy === undefined) {
      const batch = this.#takeBatch();
      const text = batch.map((entry) => entry.text).join("");
      if (text === "") {
        this.#settleAll(batch, undefined);
        continue;
      }
      // After a failure in the middle of a line its rest must not meet the next line.
      const buffer = Buffer.from(this.#isTorn ? `\n${text}` : text);
      try {
        this.#fd = this.#target.prepare(buffer.length);
      } catch (error) {
        this.#settleAll(batch, error as NodeJS.ErrnoException);
        continue;
      }
      this.#batch = batch;
      this.#buffer = buffer;
      this.#offset = 0;
      this.#startedAtMs = this.#clock.monotonicMs();
      this.#send();
      return;
    }
  }

  #takeBatch(): readonly Entry[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && (count === 0 || bytes < maxBatchBytes)) {
      bytes += this.#queue[count]!.bytes; // count < length
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #send(): void {
    const buffer = this.#buffer!; // only called while a batch is under way
    write(this.#fd, buffer, this.#offset, buffer.length - this.#offset, null, this.#onWritten);
  }

  readonly #onWritten = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    if (this.#closedBy !== undefined) {
      // Closed while this write was under way: only now may the descriptor go.
      this.#buffer = undefined;
      this.#target.close(false);
      return;
    }
    if (error !== null) {
      if (error.code === "EAGAIN" || error.code === "EINTR") this.#retryLater();
      else this.#failBatch(error);
      return;
    }
    this.#retryMs = firstRetryMs;
    this.#offset += bytes;
    if (this.#offset < buffer.length) {
      this.#send();
    } else {
      this.#isTorn = false;
      this.#buffer = undefined;
      this.#target.written(buffer.length);
      this.#settleAll(this.#batch, undefined);
      this.#next();
    }
  };

  #retryLater(): void {
    this.#retryTimer = this.#clock.startTimer(() => {
      this.#retryTimer = undefined;
      this.#send();
    }, this.#retryMs);
    // Log lines alone do not keep a process alive whose reader stopped; somebody who awaits a line does.
    if (!this.#batch.some((entry) => entry.resolve !== undefined)) this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  #failBatch(error: NodeJS.ErrnoException): void {
    this.#isTorn = this.#isTorn || this.#offset > 0;
    this.#buffer = undefined;
    const isFull = error.code === "ENOSPC" || error.code === "EDQUOT" || error.code === "EFBIG";
    if (isFull) {
      this.#settleAll(this.#batch, error);
      this.#next();
    } else {
      this.#close(error);
    }
  }

  #close(cause: Error): void {
    const isBusy = this.#buffer !== undefined && this.#retryTimer === undefined;
    this.#retryTimer?.cancel();
    this.#closedBy = cause;
    const waiting = this.#queue;
    this.#queue = [];
    if (this.bufferedBytes > 0) this.#settleAll(this.#batch, cause);
    this.#settleAll(waiting, cause);
    this.bufferedBytes = 0;
    this.#target.close(isBusy);
  }

  #settleAll(entries: readonly Entry[], error: Error | undefined): void {
    for (const entry of entries) {
      this.bufferedBytes -= entry.bytes;
      if (error === undefined) entry.resolve?.();
      else if (entry.reject === undefined) this.dropped++;
      else entry.reject(this.#closedBy === undefined ? this.#writeError(error) : this.#closedError());
    }
    if (entries === this.#batch) this.#batch = [];
  }

  #writeSync(buffer: Buffer): void {
    try {
      const fd = this.#target.prepare(buffer.length);
      for (let offset = 0, attempts = 0; offset < buffer.length && attempts < 50; attempts++) {
        try {
          offset += writeSync(fd, buffer, offset);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
          pause(5);
        }
      }
      this.#target.written(buffer.length);
    } catch {
      // The process is about to end and its log is the only place to complain: nothing better than silence is left.
      this.dropped++;
    }
  }

  #writeError(cause: Error): Error {
    return createError(loggerErrors, "KINGLET_ERR_LOGGER_WRITE", this.#detailsOf(cause), { cause });
  }

  #closedError(): Error {
    const cause = this.#closedBy!; // only called when closed
    return createError(loggerErrors, "KINGLET_ERR_LOGGER_CLOSED", this.#detailsOf(cause), { cause });
  }

  #detailsOf(cause: Error): Readonly<Record<string, string>> {
    return { target: this.#target.name, reason: (cause as NodeJS.ErrnoException).code ?? cause.message };
  }
}

/** Blocks this thread; only on the way out. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
