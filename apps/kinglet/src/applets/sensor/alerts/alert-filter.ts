import { AlertBudget, AlertCooldown, type HeldBackJournal } from "@kinglet/alert-sinks";
import type { Alert, AlertKey } from "@kinglet/detection";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { AlertConfig } from "./alert-settings.ts";
import { heldBackAlerts } from "../events/judgement-metrics.ts";

/**
 * What an alert filter works with.
 *
 * @internal
 */
export interface AlertFilterOptions {
  readonly config: Pick<
    AlertConfig,
    "alertCooldown" | "alertCooldownAfter" | "alertCooldownOnProfileFailure" | "alertBudget"
  >;
  /** Keys that the cooldown remembers at most. */
  readonly maxCooldownKeys: number;
  /** Takes a summary; it belongs to no event. */
  readonly summarise: (summary: Alert) => void;
  /** Where the numbers of what the budget holds back outlive this process; absent: nowhere. */
  readonly journal?: HeldBackJournal;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** How long the namespaces' windows are, milliseconds. */
const windowMs = 60_000;

/**
 * Between the rules and the outputs: holds back repetitions, and what exceeds the budget of its namespace.
 *
 * What the budget held back is told in one summary for each namespace and minute, also by the next process when this one is killed, and does not
 * count as a first occurrence: its next repetition passes.
 * No timer while nothing is held back.
 *
 * @internal
 */
export class AlertFilter {
  readonly #options: AlertFilterOptions;
  readonly #cooldown: AlertCooldown | undefined;
  readonly #budget: AlertBudget | undefined;
  readonly #heldBack: Counter<"reason">;
  #timer: ClockTimer | undefined;
  #isClosed = false;

  constructor(options: AlertFilterOptions) {
    this.#options = options;
    const { alertCooldown, alertCooldownAfter, alertCooldownOnProfileFailure, alertBudget } = options.config;
    if (alertCooldown > 0) {
      this.#cooldown = new AlertCooldown({
        durationMs: alertCooldown,
        afterCount: alertCooldownAfter,
        onProfileFailure: alertCooldownOnProfileFailure,
        maxEntries: options.maxCooldownKeys,
      });
    }
    if (alertBudget > 0) this.#budget = new AlertBudget({ maxPerWindow: alertBudget, windowMs });
    this.#heldBack = options.metrics.counter(heldBackAlerts);
    this.#takeOver();
  }

  /** @returns false when the alert is held back; it is counted then. */
  admit(alert: AlertKey): boolean {
    const { clock, journal } = this.#options;
    // Read again after a crash: it is in a summary already, told or not.
    if (journal?.wasCounted(alert.uniqueId) === true) return false;
    const now = clock.monotonicMs();
    if (this.#cooldown?.admit(alert, now) === false) {
      this.#heldBack.add(1, { reason: "cooldown" });
      return false;
    }
    if (this.#budget?.admit(alert, now, clock.now()) !== false) return true;
    this.#cooldown?.withdraw(alert);
    this.#heldBack.add(1, { reason: "budget" });
    journal?.counted(alert.uniqueId);
    this.#plan(now);
    return false;
  }

  /** An alert left before this process began: its repetitions are held back as if it had left through this filter. */
  left(alert: AlertKey): void {
    this.#cooldown?.admit(alert, this.#options.clock.monotonicMs());
  }

  /** True while the number of what was held back is not on disk yet: the events that caused it are not done with. */
  get isPending(): boolean {
    return this.#options.journal?.isPending === true;
  }

  /** Calls back with the sequence once everything held back up to now outlives this process. */
  whenKept(sequence: number, done: (sequence: number) => void): void {
    if (this.#options.journal === undefined) done(sequence);
    else this.#options.journal.whenKept(sequence, done);
  }

  /** An alert without an event has left; when it is a summary, the next process does not tell it again. */
  told(alert: Alert): void {
    this.#options.journal?.told(alert.uniqueId);
  }

  /** Writes down what has been told; the last thing. */
  async end(): Promise<void> {
    await this.#options.journal?.close();
  }

  /** Tells at once what was held back and is not told yet: the process ends. Nothing is told afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#tell(true);
  }

  #takeOver(): void {
    const { journal, clock } = this.#options;
    const budget = this.#budget;
    if (journal === undefined || budget === undefined) return;
    budget.restore(journal.restored, clock.monotonicMs(), clock.now());
    journal.follow(() => budget.takeChanges());
    this.#plan(clock.monotonicMs());
  }

  #plan(now: number): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const due = this.#budget?.nextSummaryMs();
    if (due === undefined) return;
    this.#timer = this.#options.clock.startTimer(
      () => {
        this.#timer = undefined;
        this.#tell(false);
        this.#plan(this.#options.clock.monotonicMs());
      },
      Math.max(1, Math.ceil(due - now)),
    );
    this.#timer.unref();
  }

  #tell(all: boolean): void {
    const { clock, summarise } = this.#options;
    for (const summary of this.#budget?.takeSummaries(clock.monotonicMs(), clock.now(), { all }) ?? []) {
      summarise(summary);
    }
  }
}
