import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import { BlindTimes } from "../blind-times.ts";
import { droppedUpstream } from "../metrics.ts";
import type { TetragonFileSource } from "../tetragon-file-source.ts";
import { assertMetricsUrl, LossWatch } from "./loss-watch.ts";

/** Settings of {@link withAgentLosses}. @public */
export interface AgentLossesOptions {
  /** The agent's metrics, e.g. `http://127.0.0.1:2112/metrics`. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The same source, which also knows what Tetragon's metrics count as lost: the export file does not say what the kernel's buffer or the agent's
 * queues had no room for. Looked at once a minute while the source runs; whoever opened the source closes it.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION
 *
 * @public
 */
export function withAgentLosses(source: TetragonFileSource, options: AgentLossesOptions): TetragonFileSource {
  const { url, clock, logger, metrics } = options;
  assertMetricsUrl(url);
  const blind = new BlindTimes();
  const dropped = metrics.counter(droppedUpstream);
  let lost = 0;
  const watch = new LossWatch({
    url,
    clock,
    logger,
    onLost: (count, interval) => {
      lost += count;
      dropped.add(count);
      blind.record(interval);
    },
  });
  return {
    name: source.name,
    run: async (run) => {
      const over = new AbortController();
      const watching = watch.run(AbortSignal.any([run.signal, over.signal]));
      try {
        await source.run(run);
      } finally {
        over.abort();
        await watching;
      }
    },
    acknowledge: (sequence) => source.acknowledge(sequence),
    confirmAlert: (sequence, uniqueId) => source.confirmAlert(sequence, uniqueId),
    wasConfirmed: (uniqueId) => source.wasConfirmed(uniqueId),
    checkpoint: () => source.checkpoint(),
    health: () => {
      const health = source.health();
      return {
        ...health,
        droppedUpstream: health.droppedUpstream + lost,
        // The agent's counters are those of all its clients together.
        isEstimate: true,
        blindIntervals: [...health.blindIntervals, ...blind.list(clock.now())],
      };
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
