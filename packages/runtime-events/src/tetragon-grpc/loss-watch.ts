import { sleep, untilAborted, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import { optionError } from "../assert-option.ts";
import { AgentLosses } from "./agent-losses.ts";

const lossIntervalMs = 60_000;

/** Settings of a {@link LossWatch}. @internal */
export interface LossWatchOptions {
  /** The agent's metrics, e.g. `http://127.0.0.1:2112/metrics`. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The agent lost so many events since the look before. */
  readonly onLost: (count: number, interval: { fromMs: number; untilMs: number; reason: string }) => void;
}

/**
 * Looks once a minute what the agent's metrics count as lost.
 *
 * @internal
 */
export class LossWatch {
  readonly #options: LossWatchOptions;
  readonly #losses: AgentLosses;

  constructor(options: LossWatchOptions) {
    this.#options = options;
    this.#losses = new AgentLosses(options.url, options.clock);
  }

  /** Lost since the first look, by metric. */
  get totals(): Readonly<Record<string, number>> {
    return this.#losses.totals;
  }

  /** Looks until the signal fires; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { url, clock, logger, onLost } = this.#options;
    let formerMs = clock.now();
    let isComplaining = false;
    while (!signal.aborted) {
      try {
        const count = await untilAborted(this.#losses.look(), signal);
        const untilMs = clock.now();
        if (count > 0) {
          const reason = `the agent's metrics count ${count} lost events`;
          onLost(count, { fromMs: formerMs, untilMs, reason });
          logger.warn(reason, { url });
        }
        formerMs = untilMs;
        isComplaining = false;
      } catch (error) {
        if (!signal.aborted && !isComplaining)
          logger.warn("the agent's metrics cannot be read", { url, reason: (error as Error).message });
        isComplaining = true;
      }
      await sleep(lossIntervalMs, { signal, clock }).catch(() => {
        // Stopped.
      });
    }
  }
}

/** @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function assertMetricsUrl(url: string): void {
  if (!/^http:\/\/[^\s/]+(?:\/\S*)?$/.test(url)) throw optionError("agentMetricsUrl", url, "http://HOST:PORT/PATH");
}
