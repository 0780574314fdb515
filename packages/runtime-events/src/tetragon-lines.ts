// Hot path: `take` runs once per line.
import type { RuntimeEvent } from "@kinglet/enrichment";
import { AgentRestarts } from "./agent-restarts.ts";
import type { BlindTimes } from "./blind-times.ts";
import { wrongTimes } from "./event-time.ts";
import { HostSilence } from "./host-silence.ts";
import { loadDecodeActivity } from "./lazy.ts";
import type { LineBuffer } from "./line-buffer.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import type { SkipReason, SourceCounters } from "./source-counters.ts";
import type { BlindInterval } from "./source-health.ts";
import { TetragonDecoder, type DecodeOutcome } from "./tetragon-decoder.ts";
import { ThrottleTimes } from "./throttle-times.ts";

/** What {@link TetragonLines} work with. @internal */
export interface TetragonLinesOptions {
  readonly settings: ResolvedOptions;
  readonly counters: SourceCounters;
  readonly blind: BlindTimes;
  /** Since when lines are read. */
  readonly beganMs: number;
  /** Gets the events of the kinds that are asked for. */
  readonly onEvent: (event: RuntimeEvent, offset: number) => void | Promise<void>;
}

const hostSilence =
  "the export file holds nothing of the node's own processes: Tetragon's export filters, as shipped, leave them and kube-system out";

/**
 * What is made of the lines of Tetragon's export file: events, and what they say about times in which nobody watched.
 *
 * @internal
 */
export class TetragonLines {
  readonly #options: TetragonLinesOptions;
  readonly #decoder: TetragonDecoder;
  readonly #restarts: AgentRestarts = new AgentRestarts();
  readonly #throttles: ThrottleTimes;
  readonly #hosts: HostSilence = new HostSilence();

  constructor(options: TetragonLinesOptions) {
    const { nodeName, kinds, metrics } = options.settings;
    this.#options = options;
    const wrong = metrics.counter(wrongTimes);
    this.#decoder = new TetragonDecoder({
      nodeName,
      kinds,
      loadActivities: loadDecodeActivity,
      onWrongTime: () => wrong.add(1),
    });
    this.#throttles = new ThrottleTimes(options.beganMs);
  }

  /** Times in which the agent left cgroups out. */
  get throttled(): readonly BlindInterval[] {
    return this.#throttles.list;
  }

  /** After it no line is "unprepared". */
  prepare(): Promise<void> {
    return this.#decoder.prepare();
  }

  /**
   * Handles the current line.
   *
   * @param sequence - given to the event if it is one.
   * @returns "unprepared": call {@link prepare}, then this again; else a promise when the consumer wants the reader to wait.
   */
  take(lines: LineBuffer, sequence: number): "unprepared" | void | Promise<void> {
    const { bytes, lineStart, lineEnd, nextOffset } = lines;
    const { settings, onEvent } = this.#options;
    const now = settings.clock.now();
    let outcome = this.#decoder.decode(bytes, lineStart, lineEnd, sequence, now);
    if (outcome === "malformed") {
      const second = this.#decoder.findSecondStart(bytes, lineStart, lineEnd);
      if (second < 0) return this.#unusable("malformed", now);
      outcome = this.#decoder.decode(bytes, second, lineEnd, sequence, now);
      if (outcome !== "unprepared") this.#unusable("partial", now);
    }
    if (outcome === "unprepared") return outcome;
    if (typeof outcome === "string") return this.#count(outcome, now);
    this.#observe(outcome, now);
    // Some are read for what they say about losses only.
    if (settings.kinds?.has(outcome.kind) === false) return undefined;
    return onEvent(outcome, nextOffset - 1 - (lineEnd - lineStart));
  }

  #count(outcome: Exclude<DecodeOutcome, RuntimeEvent | "unprepared">, now: number): void {
    const { counters } = this.#options;
    if (outcome === "skipped") counters.event(this.#decoder.skippedKind, now);
    else if (outcome === "unknown") counters.unknown(this.#decoder.unknownMember);
    else if (outcome === "malformed") this.#unusable(outcome, now);
    else counters.skipped(outcome);
  }

  /** It may have been an execution. */
  #unusable(reason: SkipReason, now: number): void {
    this.#options.counters.unusable(reason, 1, now, this.#options.blind);
  }

  #observe(event: RuntimeEvent, now: number): void {
    const { counters, settings } = this.#options;
    counters.event(event.kind, now);
    if (event.kind === "rateLimit") this.#rateLimited(event.droppedEvents, now);
    else this.#watchRestarts(event);
    if (event.kind === "throttle") this.#throttles.observed(event, now);
    if (this.#hosts.isSilent(event)) settings.logger.warn(hostSilence, { path: settings.path });
  }

  #watchRestarts(event: RuntimeEvent): void {
    const interval = this.#restarts.observed(event);
    if (interval === undefined) return;
    this.#options.blind.record(interval);
    this.#throttles.interrupted(interval.untilMs);
  }

  #rateLimited(count: number, now: number): void {
    const { counters, blind } = this.#options;
    counters.dropped(count);
    const reason = `Tetragon left out ${count} events (export rate limit)`;
    blind.record({ fromMs: now, untilMs: now, reason });
  }
}
