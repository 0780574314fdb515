// Hot path: `#take` runs once per line.
import type { RuntimeEvent } from "@kinglet/enrichment";
import type { Counter } from "@kinglet/metrics";
import { Acknowledgements } from "./acknowledgements.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { listRotated } from "./export-folder.ts";
import { FileFollower } from "./file-follower.ts";
import { loadTetragonLines } from "./lazy.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { connected, holds, openEvents } from "./metrics.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import type { RunSourceOptions } from "./runtime-event-source.ts";
import { SourceCounters } from "./source-counters.ts";
import type { SourceHealth } from "./source-health.ts";
import type { TetragonFileSource } from "./tetragon-file-source.ts";
import type { TetragonLines } from "./tetragon-lines.ts";

/**
 * See {@link TetragonFileSource}; made by `openTetragonFileSource`.
 *
 * @internal
 */
export class FileSource implements TetragonFileSource {
  readonly name = "tetragon-file";
  readonly #options: ResolvedOptions;
  readonly #counters: SourceCounters;
  readonly #acknowledgements: Acknowledgements = new Acknowledgements();
  readonly #follower: FileFollower;
  readonly #stopCollecting: () => void;
  readonly #beganMs: number;
  readonly #held: Counter;
  /** Loaded with the first line. */
  #lines: TetragonLines | undefined;
  #run: RunSourceOptions | undefined;
  #sequence = 0;

  constructor(options: ResolvedOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    const { metrics, path, clock } = options;
    this.#counters = new SourceCounters(metrics);
    this.#beganMs = clock.now();
    this.#held = metrics.counter(holds);
    this.#acknowledgements.restore(checkpoint?.confirmed ?? []);
    this.#follower = new FileFollower(options, checkpoint, {
      noun: "event file",
      listRotated,
      startFile: (file) => this.#acknowledgements.startFile(file, this.#sequence + 1),
      take: (lines) => this.#take(lines),
      skipped: (reason, count) => this.#counters.unusable(reason, count, clock.now(), this.#follower.blind),
      atEnd: (file) => {
        if (file.path === path) this.#acknowledgements.caughtUp(this.#sequence);
      },
      mark: (_, doneOffset) => this.#acknowledgements.mark(doneOffset),
    });
    const open = metrics.gauge(openEvents);
    const isConnected = metrics.gauge(connected);
    this.#stopCollecting = metrics.onCollect(() => {
      open.set(this.#acknowledgements.openCount);
      isConnected.set(this.#follower.health().connected ? 1 : 0);
    });
  }

  run({ signal, deliver }: RunSourceOptions): Promise<void> {
    return this.#follower.run(signal, (inner, read) => {
      this.#run = { signal: inner, deliver };
      return read();
    });
  }

  acknowledge(sequence: number): void {
    if (this.#acknowledgements.acknowledge(sequence)) this.#follower.moved();
  }

  async confirmAlert(sequence: number, uniqueId: string): Promise<void> {
    this.#acknowledgements.confirm(sequence, uniqueId);
    await this.#follower.checkpoint();
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#acknowledgements.wasConfirmed(uniqueId);
  }

  checkpoint(): Promise<void> {
    return this.#follower.checkpoint();
  }

  health(): SourceHealth {
    const { blindIntervals, ...file } = this.#follower.health();
    return {
      name: this.name,
      ...file,
      ...this.#counters.health,
      isEstimate: false,
      droppedByUs: 0,
      openEvents: this.#acknowledgements.openCount,
      blindIntervals: [...blindIntervals, ...(this.#lines?.throttled ?? [])],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower.close();
    this.#stopCollecting();
  }

  /** Handles the current line. @returns a promise when the consumer wants the reader to wait. */
  #take(lines: LineBuffer): void | Promise<void> {
    if (this.#lines === undefined) return this.#prepare(lines);
    const { nextOffset } = lines;
    const pending = this.#lines.take(lines, this.#sequence + 1);
    if (pending === "unprepared") return this.#prepare(lines);
    this.#follower.doneOffset = nextOffset;
    return pending;
  }

  /** Nothing is read meanwhile, so the line stays where it is. */
  async #prepare(lines: LineBuffer): Promise<void> {
    const { signal } = this.#run ?? {};
    if (this.#lines === undefined) {
      const { TetragonLines: Lines } = await loadTetragonLines();
      this.#lines = new Lines({
        settings: this.#options,
        counters: this.#counters,
        blind: this.#follower.blind,
        beganMs: this.#beganMs,
        onEvent: (event, offset) => this.#event(event, offset),
      });
    } else await this.#lines.prepare();
    // The run has ended meanwhile: the line is the next one's.
    if (signal?.aborted !== true) await this.#take(lines);
  }

  #event(event: RuntimeEvent, offset: number): void | Promise<void> {
    this.#sequence = event.sequence;
    this.#acknowledgements.delivered(event.sequence, offset);
    const pending = this.#run?.deliver(event);
    const room = this.#acknowledgements.untilRoom();
    if (room === undefined) return pending;
    this.#held.add(1);
    return Promise.all([pending, room]).then(() => {});
  }
}
