import { readFileSync } from "node:fs";
import { createError, type KingletError } from "@kinglet/errors";
import { readCgroupLimit, type ReadText } from "./cgroup-limit.ts";
import { memoryLimitErrors } from "./errors.ts";
import { parseByteSize } from "./parse-byte-size.ts";

/** Node alone needs more than this to start. */
const leastMi = 32;

/**
 * How much memory the process may use.
 *
 * @public
 */
export interface MemoryLimit {
  /** `undefined`: no limit is known. */
  readonly bytes: number | undefined;
  /** `KINGLET_MEMLIMIT`, the file of the control group, or `none`. */
  readonly source: string;
  /** Why `KINGLET_MEMLIMIT` was not used although it is set; log it. */
  readonly error?: KingletError;
  /** Set when the control group gives less than anything runs in; log it. */
  readonly warning?: string;
}

/**
 * Reads the limit from `KINGLET_MEMLIMIT`, else from the control group (version 2, then 1) of this process. A malformed
 * or negative `KINGLET_MEMLIMIT`, or one below 32 MiB, is reported and the control group decides. That one cannot be refused: it holds.
 *
 * @param options - `env`: the environment; `readFile`: default reads from disk, `undefined` for a file that cannot be read.
 *
 * @public
 */
export function readMemoryLimit(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile?: ReadText;
}): MemoryLimit {
  const text = options.env["KINGLET_MEMLIMIT"]?.trim() ?? "";
  let problem: { readonly error: KingletError } | undefined;
  if (text !== "") {
    try {
      const bytes = parseByteSize(text);
      if (!isTooLow(bytes)) return { bytes, source: "KINGLET_MEMLIMIT" };
      if (bytes < 0) problem = { error: createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_INVALID", { text }) };
      if (bytes > 0) {
        problem = { error: createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_TOO_LOW", { text, leastMi }) };
      }
    } catch (error) {
      problem = { error: error as KingletError };
    }
  }
  const found = readCgroupLimit(options.readFile ?? readText);
  const warning = `the memory limit of ${found?.source} is ${found?.bytes} bytes, below the least of ${leastMi}Mi`;
  return {
    bytes: found?.bytes,
    source: found?.source ?? "none",
    ...problem,
    ...(found !== undefined && isTooLow(found.bytes) ? { warning } : {}),
  };
}

function isTooLow(bytes: number): boolean {
  return bytes < leastMi * 1_048_576;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, not mounted, or not permitted: the next place is asked.
    return undefined;
  }
}
