import type { RuntimeEventKind } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuntimeEventSource } from "./runtime-event-source.ts";

/** Settings of {@link openTetragonFileSource}. @public */
export interface TetragonFileSourceOptions {
  /** The export file, e.g. `/var/log/tetragon/tetragon.log`. Need not exist yet. */
  readonly path: string;
  /** Where the position is kept; without it a restart begins as `startAt` says. */
  readonly checkpointPath?: string;
  /** Where to begin when there is no usable checkpoint: at the file's end, or with the oldest predecessor that was rotated away and is still there. */
  readonly startAt: "checkpoint-or-end" | "checkpoint-or-beginning";
  /** Used for events that carry no node name. */
  readonly nodeName?: string;
  /**
   * The kinds to deliver; others are counted by kind and acknowledge themselves, without being parsed where that is safe.
   *
   * @defaultValue all kinds
   */
  readonly kinds?: readonly RuntimeEventKind[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Longer lines are skipped and counted, bytes, 1 KiB ... 64 MiB. @defaultValue 8388608: two command lines of Tetragon's largest size, every byte of them escaped */
  readonly maxLineBytes?: number;
  /** How often to look when the folder cannot be watched, milliseconds, 10 ... 3600000. @defaultValue 1000 */
  readonly pollIntervalMs?: number;
  /** Shortest time between two checkpoints that nobody asked for, milliseconds, 10 ... 3600000. @defaultValue 2000 */
  readonly checkpointIntervalMs?: number;
}

/** A running reader of one Tetragon export file. @public */
export interface TetragonFileSource extends RuntimeEventSource {
  /** Persists the low-water mark now. Without a checkpoint path it does nothing. */
  checkpoint(): Promise<void>;
}
