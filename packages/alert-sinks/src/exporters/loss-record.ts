import type { Alert } from "@kinglet/detection";

import { createNoticeAlert } from "../notice-alert.ts";

/** Why an alert did not reach a receiver; a metric label. @public */
export type LossReason = "overflow" | "rejected" | "expired" | "rate_limit" | "shutdown" | "spool";

/** A {@link LossRecord} as it is written to disk. @internal */
export interface LossState {
  readonly counts: Readonly<Partial<Record<LossReason, number>>>;
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * What a receiver missed and has not been told yet.
 *
 * @internal
 */
export class LossRecord {
  readonly #counts = new Map<LossReason, number>();
  #firstMs = 0;
  #lastMs = 0;

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  add(reason: LossReason, count: number, wallMs: number): void {
    if (this.#counts.size === 0) this.#firstMs = wallMs;
    this.#lastMs = wallMs;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** What is not told yet; undefined when nothing is. */
  get state(): LossState | undefined {
    if (this.#counts.size === 0) return undefined;
    return { counts: Object.fromEntries(this.#counts), firstMs: this.#firstMs, lastMs: this.#lastMs };
  }

  /** What an earlier process had not told yet. */
  restore(state: LossState): void {
    const lastMs = this.#counts.size === 0 ? state.lastMs : this.#lastMs;
    for (const [reason, count] of Object.entries(state.counts)) this.add(reason as LossReason, count, state.firstMs);
    this.#firstMs = state.firstMs;
    this.#lastMs = lastMs;
  }

  /** The gap as an alert for the receiver; what is lost from now on belongs to the next one. */
  takeNotice(sink: string, wallMs: number): Alert {
    const reasons = [...this.#counts].map(([reason, count]) => `${reason}: ${count}`).join(", ");
    const between = `${new Date(this.#firstMs).toISOString()} and ${new Date(this.#lastMs).toISOString()}`;
    const message = `${this.total} alerts did not reach ${sink} between ${between} (${reasons})`;
    this.#counts.clear();
    return createNoticeAlert({ ruleId: "KINGLET-GAP", ruleName: "Alerts missing", message, nowMs: wallMs });
  }
}
