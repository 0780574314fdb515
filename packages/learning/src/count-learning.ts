import type { Counter, Metrics } from "@kinglet/metrics";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import { learningTransitions, type LearningState } from "./learning-state.ts";
import {
  bytesGauge,
  containersGauge,
  eventsCounter,
  evictionsCounter,
  finishedCounter,
  queuedGauge,
  queueErrorsCounter,
  reportsCounter,
  splitsCounter,
} from "./metrics.ts";

/** What a learner counts. Events are counted as plain numbers, which the hot path can afford. @internal */
export interface LearningCounts {
  known: number;
  added: number;
  refused: number;
  notLearned: number;
  readonly corruptRecords: number;
  readonly finished: Counter<"state">;
  readonly reports: Counter<"outcome">;
  readonly splits: Counter;
  readonly evictions: Counter<"reason">;
  readonly queueErrors: Counter<"kind">;
  readonly stop: () => void;
}

/** @internal */
export function countLearning(
  metrics: Metrics,
  source: {
    readonly containers: () => Iterable<LearnedContainer>;
    readonly profiles: () => Iterable<LearnedProfile>;
    readonly queueBytes: () => number;
    readonly corruptRecords: number;
  },
): LearningCounts {
  const containers = metrics.gauge(containersGauge);
  const events = metrics.counter(eventsCounter);
  const bytes = metrics.gauge(bytesGauge);
  const queued = metrics.gauge(queuedGauge);
  const queueErrors = metrics.counter(queueErrorsCounter);
  if (source.corruptRecords > 0) queueErrors.add(source.corruptRecords, { kind: "corrupt" });
  const told = { known: 0, added: 0, refused: 0, notLearned: 0 };
  const counts: LearningCounts = {
    ...told,
    corruptRecords: source.corruptRecords,
    finished: metrics.counter(finishedCounter),
    reports: metrics.counter(reportsCounter),
    splits: metrics.counter(splitsCounter),
    evictions: metrics.counter(evictionsCounter),
    queueErrors,
    stop: metrics.onCollect(() => {
      for (const result of ["known", "added", "refused", "notLearned"] as const) {
        events.add(counts[result] - told[result], { result: result === "notLearned" ? "not_learned" : result });
        told[result] = counts[result];
      }
      const byState = new Map<string, number>();
      for (const { state } of source.containers()) byState.set(state, (byState.get(state) ?? 0) + 1);
      for (const state of Object.keys(learningTransitions) as LearningState[]) {
        containers.set(byState.get(state) ?? 0, { state });
      }
      let recorded = 0;
      let pending = 0;
      let ended = 0;
      for (const profile of source.profiles()) {
        recorded += profile.recording.bytes;
        pending += profile.pendingBytes;
        if (!profile.isLive) ended += 1;
      }
      bytes.set(recorded, { what: "recorded" });
      bytes.set(pending, { what: "pending" });
      bytes.set(source.queueBytes(), { what: "queue" });
      queued.set(ended);
    }),
  };
  return counts;
}
