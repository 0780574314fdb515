import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { SourceCounters } from "../source-counters.ts";
import type { BlindInterval } from "../source-health.ts";
import { tryParseAuditStatus, type ReadAuditStatus } from "./audit-status.ts";
import { SerialGaps, type SerialLoss } from "./serial-gaps.ts";

/** Settings of a {@link LossBook}. @internal */
export interface LossBookOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: SourceCounters;
  /** Undefined: losses are estimated. */
  readonly readStatus: ReadAuditStatus | undefined;
}

const askIntervalMs = 60_000;
const maxBlindIntervals = 16;
/** Losses that follow each other closer than this are one time of blindness. */
const mergeMs = 60_000;
const estimated = "events are missing, by the gaps in their serial numbers (estimate)";
const reported = "the kernel could not keep up and left events out (auditctl)";
const isOff = "auditing is switched off on this node (auditctl: enabled 0)";

/**
 * Knows what never arrived: as the kernel reports it where it can be asked, else worked out from serial numbers.
 *
 * @internal
 */
export class LossBook {
  /** Why nothing can arrive; empty when it can. */
  reason = "";
  readonly #options: LossBookOptions;
  readonly #gaps: SerialGaps;
  readonly #intervals: BlindInterval[] = [];
  #timer: ClockTimer | undefined;
  #lost: number | undefined;
  #isReported = false;
  #askedAtMs = 0;

  constructor(options: LossBookOptions) {
    this.#options = options;
    this.#gaps = new SerialGaps((loss) => this.#estimated(loss));
  }

  /** True while losses are worked out, not reported. */
  get isEstimate(): boolean {
    return !this.#isReported;
  }

  /** The last times of blindness, oldest first. */
  get intervals(): readonly BlindInterval[] {
    return [...this.#intervals];
  }

  /** A record of the kernel came in. */
  seen(serial: number, timeMs: number): void {
    this.#gaps.seen(serial, timeMs);
  }

  /** Counts what is overdue. */
  settle(): void {
    this.#gaps.settle(this.#options.clock.now());
  }

  /** Asks now and every minute until the signal fires; does nothing where the kernel cannot be asked. */
  async watch(signal: AbortSignal): Promise<void> {
    if (this.#options.readStatus === undefined || signal.aborted) return;
    await this.#ask(this.#options.readStatus, signal);
    if (signal.aborted) return;
    this.#timer = this.#options.clock.startTimer(() => void this.watch(signal), askIntervalMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Notes a time of blindness; one right after another for the same reason makes that one longer. */
  blind(interval: BlindInterval): void {
    const last = this.#intervals.at(-1);
    const isSame = last?.reason === interval.reason && last.untilMs !== undefined;
    if (isSame && interval.fromMs - last.untilMs <= mergeMs) {
      const fromMs = Math.min(last.fromMs, interval.fromMs);
      this.#intervals[this.#intervals.length - 1] = { ...interval, fromMs };
      return;
    }
    this.#intervals.push(interval);
    if (this.#intervals.length > maxBlindIntervals) this.#intervals.shift();
  }

  /** Ends the time of blindness that lasts. */
  sighted(untilMs: number): void {
    this.#end((interval) => interval.reason !== isOff, untilMs);
  }

  #switched(isNowOff: boolean, fromMs: number, nowMs: number): void {
    if (isNowOff && this.reason === "") this.blind({ fromMs, untilMs: undefined, reason: isOff });
    else if (!isNowOff && this.reason !== "") this.#end((interval) => interval.reason === isOff, nowMs);
    this.reason = isNowOff ? isOff : "";
  }

  #end(isMeant: (interval: BlindInterval) => boolean, untilMs: number): void {
    const at = this.#intervals.findLastIndex((interval) => interval.untilMs === undefined && isMeant(interval));
    const lasting = this.#intervals[at];
    if (lasting !== undefined) this.#intervals[at] = { ...lasting, untilMs };
  }

  async #ask(readStatus: ReadAuditStatus, signal: AbortSignal): Promise<void> {
    const { clock, logger, counters } = this.#options;
    let text: string;
    try {
      text = await readStatus({ signal });
    } catch (error) {
      if (!signal.aborted && (this.#isReported || this.#askedAtMs === 0)) {
        logger.warn("cannot ask the kernel for lost audit events, estimating them", { error });
      }
      text = "";
    }
    const status = tryParseAuditStatus(text);
    const now = clock.now();
    this.#isReported = status !== undefined;
    const { lost = 0, enabled = 1 } = status ?? {};
    const before = this.#lost;
    if (status !== undefined) this.#lost = lost;
    const fromMs = this.#askedAtMs;
    this.#askedAtMs = now;
    // Switched off at some time since it was asked last.
    this.#switched(enabled === 0, fromMs === 0 ? now : fromMs, now);
    // Less than before: the count began again with the node.
    if (before === undefined || lost <= before) return;
    counters.dropped(lost - before);
    this.blind({ fromMs, untilMs: now, reason: reported });
  }

  #estimated(loss: SerialLoss): void {
    // Where the kernel reports its losses they are counted there; what auditd lost itself shows as a gap all the same.
    if (!this.#isReported) this.#options.counters.dropped(loss.count);
    this.blind({ fromMs: loss.fromMs, untilMs: loss.untilMs, reason: estimated });
  }
}
