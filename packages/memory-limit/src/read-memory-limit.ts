import { readFileSync } from "node:fs";
import { createError, type KingletError } from "@kinglet/errors";
import { readCgroupLimit, type ReadText } from "./cgroup-limit.ts";
import { memoryLimitErrors } from "./errors.ts";
import { parseByteSize } from "./parse-byte-size.ts";

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
}

/**
 * Reads the limit from `KINGLET_MEMLIMIT`, else from the control group (version 2, then 1) of this process. A malformed
 * or negative `KINGLET_MEMLIMIT` is reported and the control group decides.
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
      if (bytes > 0) return { bytes, source: "KINGLET_MEMLIMIT" };
      if (bytes < 0) problem = { error: createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_INVALID", { text }) };
    } catch (error) {
      problem = { error: error as KingletError };
    }
  }
  const found = readCgroupLimit(options.readFile ?? readText);
  return { bytes: found?.bytes, source: found?.source ?? "none", ...problem };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, not mounted, or not permitted: the next place is asked.
    return undefined;
  }
}
