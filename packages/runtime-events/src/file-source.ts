// Hot path: `#take` runs once per line.
import type { RuntimeEvent } from "@kinglet/enrichment";
import type { Counter } from "@kinglet/metrics";
import { Acknowledgements } from "./acknowledgements.ts";
import { AgentRestarts } from "./agent-restarts.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { listRotated } from "./export-folder.ts";
import { FileFollower } from "./file-follower.ts";
import { HostSilence } from "./host-silence.ts";
import { loadDecodeActivity, loadThrottleTimes } from "./lazy.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { connected, holds, openEvents } from "./metrics.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import type { RunSourceOptions } from "./runtime-event-source.ts";
import { SourceCounters } from "./source-counters.ts";
import type { SourceHealth } from "./source-health.ts";
import { TetragonDecoder, type DecodeOutcome } from "./tetragon-decoder.ts";
import type { ThrottleTimes } from "./throttle-times.ts";
import type { TetragonFileSource } from "./tetragon-file-source.ts";

const hostSilence =
  "the export file holds nothing of the node's own processes: Tetragon's export filters, as shipped, leave them and kube-system out";

type Deliver = RunSourceOptions["deliver"];

/**
 * See {@link TetragonFileSource}; made by `openTetragonFileSource`.
 *
 * @internal
 */
export class FileSource implements TetragonFileSource {
  readonly name = "tetragon-file";
  readonly #options: ResolvedOptions;
  readonly #decoder: TetragonDecoder;
  readonly #counters: SourceCounters;
  readonly #acknowledgements: Acknowledgements = new Acknowledgements();
  readonly #follower: FileFollower;
  readonly #stopCollecting: () => void;
  readonly #restarts: AgentRestarts = new AgentRestarts();
  readonly #beganMs: number;
  #throttles: ThrottleTimes | undefined;
  readonly #held: Counter;
  readonly #hosts: HostSilence = new HostSilence();
  #deliver: Deliver = () => {};
  #sequence = 0;

  constructor(options: ResolvedOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    const { metrics, nodeName, kinds, path } = options;
    this.#decoder = new TetragonDecoder({ nodeName, kinds, loadActivities: loadDecodeActivity });
    this.#counters = new SourceCounters(metrics);
    this.#beganMs = options.clock.now();
    this.#held = metrics.counter(holds);
    this.#acknowledgements.restore(checkpoint?.confirmed ?? []);
    this.#follower = new FileFollower(options, checkpoint, {
      noun: "event file",
      listRotated,
      startFile: (file) => this.#acknowledgements.startFile(file, this.#sequence + 1),
      take: (lines) => this.#take(lines),
      skipped: (reason, count) => this.#unusable(reason, count),
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
    return this.#follower.run(signal, (_, read) => {
      this.#deliver = deliver;
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
      blindIntervals: [...blindIntervals, ...(this.#throttles?.list ?? [])],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower.close();
    this.#stopCollecting();
  }

  /** Handles the current line. @returns a promise when the consumer wants the reader to wait. */
  #take(lines: LineBuffer): void | Promise<void> {
    const { bytes, lineStart, lineEnd, nextOffset } = lines;
    const now = this.#options.clock.now();
    const offset = nextOffset - 1 - (lineEnd - lineStart);
    this.#follower.doneOffset = nextOffset;
    let outcome = this.#decoder.decode(bytes, lineStart, lineEnd, this.#sequence + 1, now);
    if (outcome === "malformed") {
      const second = this.#decoder.findSecondStart(bytes, lineStart, lineEnd);
      this.#unusable(second < 0 ? "malformed" : "partial");
      if (second < 0) return;
      outcome = this.#decoder.decode(bytes, second, lineEnd, this.#sequence + 1, now);
    }
    // Nothing is read meanwhile, so the line stays where it is.
    if (outcome === "unprepared") return this.#decoder.prepare().then(() => this.#take(lines));
    if (typeof outcome === "string") return this.#count(outcome, now);
    if (outcome.kind === "throttle" && this.#throttles === undefined) return this.#firstThrottle(outcome, offset, now);
    return this.#event(outcome, offset, now);
  }

  async #firstThrottle(event: RuntimeEvent, offset: number, now: number): Promise<void> {
    const times = await loadThrottleTimes();
    this.#throttles = new times.ThrottleTimes(this.#beganMs);
    await this.#event(event, offset, now);
  }

  #count(outcome: Exclude<DecodeOutcome, RuntimeEvent | "unprepared">, now: number): void {
    if (outcome === "skipped") this.#counters.event(this.#decoder.skippedKind, now);
    else if (outcome === "unknown") this.#counters.unknown(this.#decoder.unknownMember);
    else if (outcome === "malformed") this.#unusable(outcome);
    else this.#counters.skipped(outcome);
  }

  /** It may have been an execution. */
  #unusable(reason: "partial" | "too_long" | "malformed", count = 1): void {
    this.#counters.unusable(reason, count, this.#options.clock.now(), this.#follower.blind);
  }

  #event(event: RuntimeEvent, offset: number, now: number): void | Promise<void> {
    this.#counters.event(event.kind, now);
    if (event.kind === "rateLimit") this.#rateLimited(event.droppedEvents, now);
    else this.#watchRestarts(event);
    if (event.kind === "throttle") this.#throttles?.observed(event, now);
    if (this.#hosts.isSilent(event)) this.#options.logger.warn(hostSilence, { path: this.#options.path });
    // Read for what it says about losses only.
    if (this.#options.kinds?.has(event.kind) === false) return;
    this.#sequence = event.sequence;
    this.#acknowledgements.delivered(event.sequence, offset);
    const pending = this.#deliver(event);
    const room = this.#acknowledgements.untilRoom();
    if (room === undefined) return pending;
    this.#held.add(1);
    return Promise.all([pending, room]).then(() => {});
  }

  #watchRestarts(event: RuntimeEvent): void {
    const interval = this.#restarts.observed(event);
    if (interval === undefined) return;
    this.#follower.blind.record(interval);
    this.#throttles?.interrupted(interval.untilMs);
  }

  #rateLimited(count: number, now: number): void {
    this.#counters.dropped(count);
    this.#follower.blind.record({
      fromMs: now,
      untilMs: now,
      reason: `Tetragon left out ${count} events (export rate limit)`,
    });
  }
}
