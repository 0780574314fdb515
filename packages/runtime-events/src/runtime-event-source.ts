import type { RuntimeEvent } from "@kinglet/enrichment";
import type { SourceHealth } from "./source-health.ts";

/** How a source is run. @public */
export interface RunSourceOptions {
  readonly signal: AbortSignal;
  /** Gets every event once; while its promise is pending the source holds further ones back or, where it must not, keeps them bounded. */
  readonly deliver: (event: RuntimeEvent) => void | Promise<void>;
}

/**
 * Whatever reports what the processes of a node do.
 *
 * A source that can go back (a file) begins after a restart at the first event that was not acknowledged. One that cannot (a stream, a
 * socket) keeps the books only, and every time without a connection is in `health().blindIntervals`.
 *
 * @public
 */
export interface RuntimeEventSource extends AsyncDisposable {
  /** Which source it is, e.g. `tetragon-file`; one of its kind per process. */
  readonly name: string;
  /**
   * Delivers until the signal fires; then returns normally. Events come in the source's order, numbered from 1.
   *
   * @throws whatever `deliver` throws, and faults that waiting cannot mend.
   */
  run(options: RunSourceOptions): Promise<void>;
  /** The event with this sequence is done with; any order, repeats are ignored. */
  acknowledge(sequence: number): void;
  /** Persists, where the source can, that this alert left, before it resolves; the event still has to be acknowledged. */
  confirmAlert(sequence: number, uniqueId: string): Promise<void>;
  /** True when this alert left before, in this run or, where the source can go back, one before it. */
  wasConfirmed(uniqueId: string): boolean;
  health(): SourceHealth;
}
