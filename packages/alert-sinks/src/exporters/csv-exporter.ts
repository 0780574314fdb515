import { open, rename, rm, type FileHandle } from "node:fs/promises";
import type { Alert } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import { untilAborted } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import { csvHeader, formatCsv } from "./format-csv.ts";
import type { Exporter } from "./exporter.ts";
import { invalidSetting, wholeNumber } from "./settings.ts";

/** @public */
export interface CsvSettings {
  readonly path: string;
  /** Bytes after which the file is set aside as `path.1`, 1024 … 2^40. @defaultValue 16777216 */
  readonly maxBytes?: number;
  /** Files kept, the current one included, 1 … 100. @defaultValue 4 */
  readonly maxFiles?: number;
}

/**
 * Appends to a CSV file (RFC 4180) with a header line, mode 0600, and sets it aside when it is full.
 *
 * Guarantees: never more than `maxFiles` files of at most `maxBytes` and one batch; every file begins with the header and a
 * record is never torn over two files. Confirmed means written to the system, not to the disk. Nothing but a file or a character device is
 * written to: of a pipe this process would be the reader too, and fill it. An attempt ends with its signal also where the system does not come
 * back from it, as with a volume that hangs; until it does nothing else is tried, so that no more than one thread is held up.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function createCsvExporter(settings: CsvSettings): Exporter {
  const { path } = settings;
  if (path === "") throw invalidSetting("csv", "path", "a file name");
  const maxBytes = wholeNumber("csv", "maxBytes", settings.maxBytes ?? 16_777_216, 1024, 2 ** 40);
  const maxFiles = wholeNumber("csv", "maxFiles", settings.maxFiles ?? 4, 1, 100);
  let file: FileHandle | undefined;
  let size = 0;
  /** A device has no size, and is not renamed. */
  let isDevice = false;
  let isClosed = false;
  /** Settles when the attempts before are over, those given up included; never rejects. */
  let idle = Promise.resolve();
  let underWay = 0;
  const close = async (): Promise<void> => {
    const closing = file;
    file = undefined;
    await closing?.close();
  };
  const openFile = async (): Promise<FileHandle> => {
    file = await open(path, "a+", 0o600);
    const found = await file.stat();
    if (!found.isFile() && !found.isCharacterDevice()) throw new Error(`${path} is no file`);
    ({ size } = found);
    isDevice = found.isCharacterDevice();
    // Columns of another version: their file is set aside, this one begins with its own header.
    if (size > 0 && !(await isOurs(file))) {
      await setAside();
      return openFile();
    }
    // A power cut may have left half a record: the next one begins on a line of its own.
    if (size > 0 && (await lastByte(file, size)) !== lineEnd) {
      await file.appendFile("\r\n");
      size += 2;
    }
    return file;
  };
  const setAside = async (): Promise<void> => {
    await close();
    if (maxFiles === 1) return rm(path, { force: true });
    for (let index = maxFiles - 2; index >= 0; index--) {
      await rename(index === 0 ? path : `${path}.${index}`, `${path}.${index + 1}`).catch((error: unknown) => {
        if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
      });
    }
  };
  /** Half a record may stand there when the disk is full: the same batch comes again, and must not follow on its line. */
  const takeBack = async (): Promise<void> => {
    if (file !== undefined && (await file.stat()).size > size) await file.truncate(size);
  };
  const write = async (text: string, signal: AbortSignal): Promise<void> => {
    const bytes = Buffer.byteLength(text);
    let current = file ?? (await openFile());
    if (!isDevice && size > csvHeader.length && size + bytes > maxBytes) {
      await setAside();
      current = await openFile();
    }
    const written = size === 0 ? `${csvHeader}${text}` : text;
    await current.appendFile(written);
    // Given up meanwhile: the same batch comes again.
    signal.throwIfAborted();
    size += Buffer.byteLength(written);
  };
  const throwIfClosed = (): void => {
    if (isClosed) throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_CLOSED", { name: "the CSV exporter" });
  };
  const attempt = async (alerts: readonly Alert[], signal: AbortSignal): Promise<void> => {
    throwIfClosed();
    signal.throwIfAborted();
    try {
      await write(alerts.map(formatCsv).join(""), signal);
    } catch (cause) {
      await takeBack().catch(() => {});
      // Opened anew at the next attempt: the volume may have come back as another.
      await close().catch(() => {});
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_FILE", { path, reason }, { cause });
    }
  };
  return {
    name: "csv",
    maxBatch: 50,
    send: async (alerts: readonly Alert[], { signal }) => {
      throwIfClosed();
      const attempted = idle.then(() => attempt(alerts, signal)).finally(() => (underWay -= 1));
      underWay += 1;
      idle = attempted.catch(() => {});
      await untilAborted(attempted, signal);
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      const closed = idle.then(close);
      // An attempt that hangs must not hold up the end: its file is closed should it come back.
      if (underWay === 0) await closed;
    },
  };
}

const lineEnd = 10;

async function isOurs(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(csvHeader.length), 0, csvHeader.length, 0);
  return buffer.toString("utf8", 0, bytesRead) === csvHeader;
}

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 0 ? lineEnd : buffer[0];
}
