import { systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";

/** The system's clock, so many times faster; its wall clock can be made to jump. Counts the timers that wait. */
export class ScaledClock implements Clock {
  readonly speed: number;
  #offsetMs = 0;
  #timers = 0;

  constructor(speed: number) {
    this.speed = speed;
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#timers;
  }

  now(): number {
    return systemClock.now() + this.monotonicMs() + this.#offsetMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() * this.speed;
  }

  startTimer(callback: () => void, delayMs: number): ClockTimer {
    this.#timers++;
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.#timers--;
      isOver = true;
    };
    const timer = systemClock.startTimer(() => {
      end();
      callback();
    }, delayMs / this.speed);
    return {
      cancel: () => {
        end();
        timer.cancel();
      },
      unref: () => timer.unref(),
    };
  }

  /** The wall clock jumps, as when an administrator sets it. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }
}
