import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { ConfirmedAlert, FilePosition } from "./checkpoint.ts";
import type { ExportFile } from "./export-file.ts";
import type { RotatedFile } from "./export-folder.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** Checked settings of whatever follows a file. @internal */
export interface FollowedFile {
  readonly path: string;
  readonly checkpointPath: string | undefined;
  readonly startAt: "checkpoint-or-end" | "checkpoint-or-beginning";
  readonly maxLineBytes: number;
  readonly pollIntervalMs: number;
  readonly checkpointIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What is done with the lines of a followed file. @internal */
export interface LineTaker {
  /** What the file is in the log. */
  readonly noun: string;
  readonly listRotated: (path: string) => Promise<readonly RotatedFile[]>;
  /** What follows comes from this file. */
  readonly startFile?: (file: ExportFile) => void;
  /** Before bytes are read; a promise makes reading wait. */
  readonly beforeReading?: () => void | Promise<void>;
  /** Handles the current line, moving `doneOffset` behind it when a restart need not read it again; a promise makes reading wait. */
  readonly take: (lines: LineBuffer) => void | Promise<void>;
  readonly skipped: (reason: "partial" | "too_long" | "malformed", count: number) => void;
  /** For now there is nothing more in this file. */
  readonly atEnd?: (file: ExportFile) => void;
  /** Where a restart has to begin, given that everything before `doneOffset` of `file` was taken. */
  readonly mark: (
    file: ExportFile | undefined,
    doneOffset: number,
  ) => { readonly position: FilePosition | undefined; readonly confirmed: readonly ConfirmedAlert[] };
}
