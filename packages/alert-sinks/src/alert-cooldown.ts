import type { Alert } from "@kinglet/detection";

/** @public */
export interface AlertCooldownOptions {
  /** Alerts of one key that pass before the rest is held back, 1 or more. @defaultValue 1 */
  readonly afterCount?: number;
  /** Milliseconds without a repetition after which a key is forgotten. @defaultValue 3600000 */
  readonly durationMs?: number;
  /** Keys remembered; the one not seen for longest gives way. @defaultValue 10000 */
  readonly maxEntries?: number;
  /** False: alerts judged by a completed profile are never held back. @defaultValue true */
  readonly onProfileFailure?: boolean;
}

/**
 * Holds back repetitions of an alert: those with the same repetition id, container id and rule id. An alert without a repetition id is like no
 * other, and passes.
 *
 * Guarantees: pure (time is an argument), never more than `maxEntries` keys; a key that gave way lets its next alert pass, so
 * pressure makes repetitions, never losses. Each alert of a key starts its time anew.
 *
 * Cost: one map look-up and one insertion per alert, about 300 bytes per key.
 *
 * @see reference section 5.8 of the node sensor
 * @public
 */
export class AlertCooldown {
  readonly #afterCount: number;
  readonly #durationMs: number;
  readonly #maxEntries: number;
  readonly #onProfileFailure: boolean;
  /** Oldest first: an entry moves to the end whenever it is seen. */
  readonly #entries = new Map<string, { count: number; untilMs: number }>();

  constructor(options: AlertCooldownOptions = {}) {
    this.#afterCount = options.afterCount ?? 1;
    this.#durationMs = options.durationMs ?? 3_600_000;
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#onProfileFailure = options.onProfileFailure ?? true;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Counts the alert.
   *
   * @param nowMs - of a clock that never goes back.
   * @returns false when it is to be held back.
   */
  admit(alert: Pick<Alert, "repetitionId" | "containerId" | "ruleId" | "profile">, nowMs: number): boolean {
    if (alert.repetitionId === undefined) return true;
    if (!this.#onProfileFailure && alert.profile?.failOnProfile === true) return true;
    const key = keyOf(alert);
    const entry = this.#entries.get(key);
    const count = entry !== undefined && entry.untilMs > nowMs ? entry.count + 1 : 1;
    this.#entries.delete(key);
    for (const [oldest, { untilMs }] of this.#entries) {
      // All keys live equally long, so the oldest expire first.
      if (this.#entries.size < this.#maxEntries && untilMs > nowMs) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { count, untilMs: nowMs + this.#durationMs });
    return count <= this.#afterCount;
  }

  /** Takes back that the alert passed: something else held it back, so that its next repetition is to pass. */
  withdraw(alert: Pick<Alert, "repetitionId" | "containerId" | "ruleId">): void {
    const entry = this.#entries.get(keyOf(alert));
    if (entry !== undefined && entry.count > 0) entry.count--;
  }
}

function keyOf({ repetitionId = "", containerId, ruleId }: Parameters<AlertCooldown["withdraw"]>[0]): string {
  return `${repetitionId}/${containerId}/${ruleId}`;
}
