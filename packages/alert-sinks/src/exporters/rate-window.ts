import type { Alert } from "@kinglet/detection";

import { isNoticeAlert } from "../notice-alert.ts";
import { RuleFirsts } from "../rule-firsts.ts";

/**
 * So many alerts in each window: the window starts with its first alert, and what exceeds it is refused until it ends.
 *
 * A flood must not hide what else happens: beyond the number the first alert of each rule still passes, and what is more severe than all before,
 * 30 in a window at most. Notices pass always and are not counted: they tell of what is missing, once a minute for a namespace or a receiver.
 *
 * @internal
 */
export class RateWindow {
  readonly #max: number;
  readonly #windowMs: number;
  #endsMs = -Infinity;
  #count = 0;
  #firsts = new RuleFirsts();

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** When the present window ends. */
  get endsMs(): number {
    return this.#endsMs;
  }

  /** Whether {@link RateWindow.take} would let it pass. */
  admits(alert: Alert, nowMs: number): boolean {
    if (nowMs >= this.#endsMs || this.#count < this.#max) return true;
    return isNoticeAlert(alert) || this.#firsts.mayPass(alert);
  }

  /** @returns false when it has to wait for the next window. */
  take(alert: Alert, nowMs: number): boolean {
    if (isNoticeAlert(alert)) return true;
    if (nowMs >= this.#endsMs) {
      this.#endsMs = nowMs + this.#windowMs;
      this.#count = 0;
      this.#firsts = new RuleFirsts();
    }
    const isBeyond = this.#count >= this.#max;
    if (isBeyond && !this.#firsts.mayPass(alert)) return false;
    this.#firsts.passed(alert, { isBeyond });
    if (!isBeyond) this.#count++;
    return true;
  }
}
