/**
 * A pending timer of a {@link Clock}.
 *
 * @public
 */
export interface ClockTimer {
  /** Stops the timer; the call-back does not run afterwards. Safe to call twice and after it ran. */
  cancel(): void;
  /** The process may end while this timer is pending. */
  unref(): void;
}

/**
 * Time as a dependency: production passes {@link systemClock}, tests pass a clock that they move by hand.
 *
 * @public
 */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970-01-01 UTC. May jump. */
  now(): number;
  /** Time that never goes backwards, milliseconds with fractions, from an arbitrary start. */
  monotonicMs(): number;
  /**
   * Runs `callback` once after `delayMs` (0 … 2^31-1).
   */
  startTimer(callback: () => void, delayMs: number): ClockTimer;
}

/**
 * The clock of the operating system.
 *
 * @public
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Not performance.now(): the first touch of that global loads 0.1 MB of Node's performance hooks (Node 26.10).
  monotonicMs: () => process.uptime() * 1000,
  startTimer: (callback, delayMs) => {
    // oxlint-disable-next-line no-restricted-globals -- the one place where a real timer is made
    const timer = setTimeout(callback, delayMs);
    return {
      cancel: () => clearTimeout(timer),
      unref: () => {
        timer.unref();
      },
    };
  },
};
