import { createError } from "@kinglet/errors";

import { alertSinksErrors } from "../errors.ts";

interface Waiter {
  readonly host: string;
  enter(): void;
}

/**
 * Who may use a connection: at most so many at once per host and in total, first come first served among hosts that have room.
 *
 * @internal
 */
export class RequestGate {
  readonly #maxPerHost: number;
  readonly #maxTotal: number;
  readonly #maxWaiting: number;
  /** Only hosts with a request under way, so it is never larger than `maxTotal`. */
  readonly #inside = new Map<string, number>();
  readonly #waiting = new Set<Waiter>();
  #total = 0;

  constructor(maxPerHost: number, maxTotal: number, maxWaiting: number) {
    this.#maxPerHost = maxPerHost;
    this.#maxTotal = maxTotal;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws the signal's reason; KINGLET_ERR_ALERT_SINKS_BUSY. */
  enter(host: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#hasRoom(host)) {
      this.#admit(host);
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_BUSY", { waiting: this.#waiting.size });
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        host,
        enter: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  leave(host: string): void {
    this.#total--;
    const left = (this.#inside.get(host) ?? 1) - 1;
    if (left === 0) this.#inside.delete(host);
    else this.#inside.set(host, left);
    for (const waiter of this.#waiting) {
      if (this.#total >= this.#maxTotal) return;
      if (!this.#hasRoom(waiter.host)) continue;
      this.#waiting.delete(waiter);
      this.#admit(waiter.host);
      waiter.enter();
    }
  }

  #hasRoom(host: string): boolean {
    return this.#total < this.#maxTotal && (this.#inside.get(host) ?? 0) < this.#maxPerHost;
  }

  #admit(host: string): void {
    this.#total++;
    this.#inside.set(host, (this.#inside.get(host) ?? 0) + 1);
  }
}
