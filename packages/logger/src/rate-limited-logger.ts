import { systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";
import type { LogFields, Logger } from "./logger.ts";

/** Levels that can be limited: those of {@link Logger}. */
type LimitedLevel = "error" | "warn" | "info" | "debug";

/**
 * Writes the first line of a key at once; repeats within the period are counted and written as one line with `suppressed`
 * when the period ends or the key is evicted.
 *
 * @public
 */
export interface RateLimitedLogger extends Disposable {
  /** `key`: what makes two lines the same for the reader, e.g. the message and the peer; levels are limited apart. */
  error(key: string, message: string, fields?: LogFields): void;
  warn(key: string, message: string, fields?: LogFields): void;
  info(key: string, message: string, fields?: LogFields): void;
  debug(key: string, message: string, fields?: LogFields): void;
  /** Keys held now. */
  readonly size: number;
  /** Writes the counts of all keys and forgets them. */
  flush(): void;
}

/**
 * Limits a logger by key.
 *
 * Cost: one map entry per live key, at most `maxEntries`; one unreferenced timer while keys are held, none otherwise.
 *
 * @param options - `maxEntries`: default 500, the least recently used key goes first; `periodMs`: default 10,000.
 *
 * @public
 */
export function createRateLimitedLogger(
  logger: Logger,
  options: { readonly maxEntries?: number; readonly periodMs?: number; readonly clock?: Clock } = {},
): RateLimitedLogger {
  return new KeyedLimiter(logger, options.maxEntries ?? 500, options.periodMs ?? 10_000, options.clock ?? systemClock);
}

interface Entry {
  readonly level: LimitedLevel;
  readonly expiresAtMs: number;
  message: string;
  fields: LogFields | undefined;
  suppressed: number;
}

class KeyedLimiter implements RateLimitedLogger {
  readonly #logger: Logger;
  readonly #maxEntries: number;
  readonly #periodMs: number;
  readonly #clock: Clock;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #timer: ClockTimer | undefined;

  constructor(logger: Logger, maxEntries: number, periodMs: number, clock: Clock) {
    this.#logger = logger;
    this.#maxEntries = maxEntries;
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  error(key: string, message: string, fields?: LogFields): void {
    this.#log("error", key, message, fields);
  }

  warn(key: string, message: string, fields?: LogFields): void {
    this.#log("warn", key, message, fields);
  }

  info(key: string, message: string, fields?: LogFields): void {
    this.#log("info", key, message, fields);
  }

  debug(key: string, message: string, fields?: LogFields): void {
    this.#log("debug", key, message, fields);
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [key, entry] of this.#entries) this.#end(key, entry);
  }

  [Symbol.dispose](): void {
    this.flush();
  }

  #log(level: LimitedLevel, key: string, message: string, fields: LogFields | undefined): void {
    if (!this.#logger.isEnabled(level)) return;
    const nowMs = this.#clock.monotonicMs();
    const fullKey = `${level} ${key}`;
    const entry = this.#entries.get(fullKey);
    if (entry !== undefined && entry.expiresAtMs > nowMs) {
      entry.suppressed++;
      entry.message = message;
      entry.fields = fields;
      this.#entries.delete(fullKey);
      this.#entries.set(fullKey, entry);
      return;
    }
    if (entry !== undefined) this.#end(fullKey, entry);
    this.#logger[level](message, fields);
    if (this.#entries.size >= this.#maxEntries) this.#evictOldest();
    this.#entries.set(fullKey, { level, expiresAtMs: nowMs + this.#periodMs, message, fields, suppressed: 0 });
    this.#timer ??= this.#startTimer(this.#periodMs);
  }

  #evictOldest(): void {
    for (const [key, entry] of this.#entries) {
      this.#end(key, entry);
      return;
    }
  }

  #end(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (entry.suppressed === 0) return;
    let fields: LogFields = { suppressed: entry.suppressed };
    try {
      fields = { ...entry.fields, ...fields };
    } catch {
      // A getter of the caller threw; the count matters more.
    }
    this.#logger[entry.level](entry.message, fields);
  }

  #startTimer(delayMs: number): ClockTimer {
    const timer = this.#clock.startTimer(() => this.#expire(), Math.max(Math.ceil(delayMs), 1));
    timer.unref();
    return timer;
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs <= nowMs) this.#end(key, entry);
      else nextMs = Math.min(nextMs, entry.expiresAtMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#timer = this.#startTimer(nextMs - nowMs);
  }
}
