import type { Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import type { LogFields, Logger } from "./logger.ts";
import { createRateLimitedLogger } from "./rate-limited-logger.ts";

/** Time that stands still until it is moved; holds at most one timer. */
class HandClock implements Clock {
  nowMs = 0;
  pending: { readonly atMs: number; readonly callback: () => void } | undefined;
  now(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  startTimer(callback: () => void, delayMs: number): { cancel(): void; unref(): void } {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.pending = timer;
    return {
      cancel: () => {
        if (this.pending === timer) this.pending = undefined;
      },
      unref: () => {},
    };
  }
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.pending !== undefined && this.pending.atMs <= endMs) {
      const timer = this.pending;
      this.pending = undefined;
      this.nowMs = timer.atMs;
      timer.callback();
    }
    this.nowMs = endMs;
  }
}

class ListLogger implements Logger {
  readonly lines: string[] = [];
  #add(level: string, message: string, fields: LogFields | undefined): void {
    this.lines.push(`${level} ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
  }
  error(message: string, fields?: LogFields): void {
    this.#add("error", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#add("warn", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#add("info", message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#add("debug", message, fields);
  }
  isEnabled(level: string): boolean {
    return level !== "debug";
  }
}

describe("createRateLimitedLogger", () => {
  it("[logger rate-limit] writes the first line and one line with the count when the period ends", () => {
    const clock = new HandClock();
    const logger = new ListLogger();
    const limited = createRateLimitedLogger(logger, { clock });
    for (let index = 0; index < 4; index++) limited.warn("peer", "lost", { index });
    limited.error("peer", "lost");
    clock.advance(9_999);
    expect(logger.lines).toEqual(['warn lost {"index":0}', "error lost"]);
    clock.advance(1);
    expect(logger.lines[2]).toBe('warn lost {"index":3,"suppressed":3}');
    expect(limited.size).toBe(0);
    expect(clock.pending).toBeUndefined();
    limited.warn("peer", "lost");
    expect(logger.lines).toHaveLength(4);
  });

  it("[logger rate-limit] holds at most 500 keys and writes the count of the least recently used one it evicts", () => {
    const clock = new HandClock();
    const logger = new ListLogger();
    const limited = createRateLimitedLogger(logger, { clock });
    for (let index = 0; index < 500; index++) limited.info(`key ${index}`, `m${index}`);
    limited.info("key 1", "m1");
    limited.info("key 0", "m0");
    for (let index = 500; index < 998; index++) limited.info(`key ${index}`, `m${index}`);
    expect(limited.size).toBe(500);
    expect(logger.lines).toHaveLength(998);
    limited.info("key 998", "m998");
    expect(logger.lines.at(-2)).toBe("info m998");
    expect(logger.lines.at(-1)).toBe('info m1 {"suppressed":1}');
  });

  it("writes all counts on disposal and starts no timer for a disabled level", () => {
    const clock = new HandClock();
    const logger = new ListLogger();
    {
      using limited = createRateLimitedLogger(logger, { clock });
      limited.debug("k", "x");
      expect(clock.pending).toBeUndefined();
      limited.info("k", "x");
      limited.info("k", "x");
    }
    expect(logger.lines).toEqual(["info x", 'info x {"suppressed":1}']);
    expect(clock.pending).toBeUndefined();
  });
});
