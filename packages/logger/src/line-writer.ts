import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { BatchWriter, type BatchTarget } from "./batch-writer.ts";

/**
 * Writes whole lines to a descriptor in the order of the calls; a line feed is appended to each.
 *
 * Guarantees: one write in flight, so lines never interleave; partial writes are continued; a slow or stopped reader never
 * blocks this thread. After the reader went away (`EPIPE`) the writer is closed for good. A full device loses only the lines
 * of that moment. Lines must not contain line feeds: that is the caller's part.
 *
 * @public
 */
export interface LineWriter extends AsyncDisposable {
  /**
   * Resolves when the bytes of this line were handed to the kernel. Accepted also above the buffer bound: a caller that awaits
   * holds one line.
   *
   * @throws `KINGLET_ERR_LOGGER_WRITE` (retryable: device full), `KINGLET_ERR_LOGGER_CLOSED` (reader gone or disposed).
   */
  write(line: string): Promise<void>;
  /** Hands the line over without waiting; false and counted in `dropped` when the buffer is full or the writer closed. */
  tryWrite(line: string): boolean;
  /** Resolves when everything written before was handed to the kernel or given up. Never rejects. */
  flush(): Promise<void>;
  /** Best effort on the way out of the process: writes what waits, gives up on a stuck reader within half a second. */
  flushSync(): void;
  /** Lines given up so far. */
  readonly dropped: number;
  /** Bytes that wait or are under way. */
  readonly bufferedBytes: number;
  /** True after the reader went away or after disposal. */
  readonly isClosed: boolean;
}

/**
 * Opens a writer on an inherited descriptor, usually 1 or 2.
 *
 * `process.stdout`/`process.stderr` are avoided: they load `tty` and `net` (0.2–0.3 MB of heap) and writing to them blocks the
 * whole process while a pipe is full. A pipe is opened anew through `/proc/self/fd` as non-blocking, so that a stopped reader
 * occupies no thread (a thread stuck in a write would also keep `process.exit` from ending the process) and other users of
 * the same pipe keep their blocking behaviour. Sockets and terminals are used as they are.
 *
 * @param options - `fd`: the descriptor; `maxBufferedBytes`: bound for `tryWrite`, default 1 MiB; `name`: for error texts.
 *
 * @public
 */
export function openLineWriter(options: {
  readonly fd: number;
  readonly maxBufferedBytes?: number;
  readonly name?: string;
  readonly clock?: Clock;
}): LineWriter {
  const { fd, maxBufferedBytes = 1_048_576, clock = systemClock } = options;
  const name = options.name ?? (fd === 1 ? "stdout" : fd === 2 ? "stderr" : `descriptor ${fd}`);
  const own = tryReopen(fd);
  const target: BatchTarget = {
    name,
    prepare: () => own ?? fd,
    written: () => {},
    close: (isBusy) => {
      if (own !== undefined && !isBusy) closeSync(own);
    },
  };
  return new BatchWriter(target, maxBufferedBytes, clock);
}

/** Only pipes: opening a regular file anew would start at its beginning, a socket cannot be opened, a terminal rarely stops. */
function tryReopen(fd: number): number | undefined {
  try {
    if (!fstatSync(fd).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, or the pipe belongs to another user: the blocking descriptor works too, only less well.
    return undefined;
  }
}
