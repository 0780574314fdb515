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
  /** In a notice that is on its way. */
  #telling: LossState | undefined;

  /** What no notice tells yet. */
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

  /** What the receiver does not know yet, a notice on its way included; undefined when it knows everything. */
  get state(): LossState | undefined {
    const telling = this.#telling;
    if (this.#counts.size === 0) return telling;
    const counts = Object.fromEntries(this.#counts);
    if (telling === undefined) return { counts, firstMs: this.#firstMs, lastMs: this.#lastMs };
    for (const [reason, count] of countsOf(telling)) counts[reason] = (counts[reason] ?? 0) + count;
    return { counts, firstMs: telling.firstMs, lastMs: this.#lastMs };
  }

  /** What an earlier process had not told yet. What stands in a file is not trusted: what makes no sense counts for nothing. */
  restore(state: LossState): void {
    const lastMs = this.#counts.size === 0 ? state.lastMs : this.#lastMs;
    if (!isTime(state.firstMs) || !isTime(lastMs)) return;
    for (const [reason, count] of countsOf(state)) this.add(reason, count, state.firstMs);
    if (this.#counts.size === 0) return;
    this.#firstMs = state.firstMs;
    this.#lastMs = lastMs;
  }

  /** The receiver has the notice. */
  told(): void {
    this.#telling = undefined;
  }

  /** The notice did not arrive: the next one tells it again. */
  untold(): void {
    const telling = this.#telling;
    this.#telling = undefined;
    if (telling !== undefined) this.restore(telling);
  }

  /** The gap as an alert for the receiver, until {@link LossRecord.told} or {@link LossRecord.untold}; what is lost from now on belongs to the next one. */
  takeNotice(sink: string, wallMs: number): Alert {
    const reasons = [...this.#counts].map(([reason, count]) => `${reason}: ${count}`).join(", ");
    const between = `${new Date(this.#firstMs).toISOString()} and ${new Date(this.#lastMs).toISOString()}`;
    const message = `${this.total} alerts did not reach ${sink} between ${between} (${reasons})`;
    this.#telling = this.state;
    this.#counts.clear();
    return createNoticeAlert({ ruleId: "KINGLET-GAP", ruleName: "Alerts missing", message, nowMs: wallMs });
  }
}

function countsOf({ counts }: LossState): [LossReason, number][] {
  const entries = Object.entries(counts ?? {}) as [LossReason, unknown][];
  return entries.filter(
    (entry): entry is [LossReason, number] => Number.isSafeInteger(entry[1]) && Number(entry[1]) > 0,
  );
}

/** The largest that a date can be. */
function isTime(ms: unknown): boolean {
  return typeof ms === "number" && Math.abs(ms) <= 8.64e15;
}
