import type { Clock } from "@kinglet/lifecycle";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import type { LearningQueue } from "./learning-queue.ts";
import type { LearnerView, LearningView } from "./learning-view.ts";
import { surfacesOf } from "./surface-bits.ts";

/** @internal */
export function viewLearner(source: {
  readonly clock: Clock;
  readonly containers: Iterable<LearnedContainer>;
  readonly profiles: Iterable<LearnedProfile>;
  readonly queue: LearningQueue;
  readonly corruptRecords: number;
  readonly problem: string;
}): LearnerView {
  const { clock, queue, corruptRecords, problem } = source;
  const offsetMs = clock.now() - clock.monotonicMs();
  let pending = 0;
  let pendingBytes = 0;
  for (const profile of source.profiles) {
    if (profile.pendingBytes > 0) pending += 1;
    pendingBytes += profile.pendingBytes;
  }
  return {
    containers: Array.from(source.containers, (container) => viewContainer(container, offsetMs)),
    queue: {
      profiles: pending,
      pendingBytes,
      directoryBytes: queue.bytes,
      waitingEvents: queue.waiting,
      corruptRecords,
      problem,
    },
  };
}

function viewContainer(container: LearnedContainer, offsetMs: number): LearningView {
  const { profile, claim, containerId, namespace, podName, containerName, state, reason, gaps, events } = container;
  const { startedAtMs, isFromStart } = container;
  const dueMs = profile?.reportDueMs ?? Number.POSITIVE_INFINITY;
  return {
    containerId,
    namespace,
    podName,
    containerName,
    profileName: profile?.head.name ?? "",
    state,
    reason,
    status: claim?.status ?? "",
    completion: claim?.completion ?? "",
    gaps: isFromStart || profile === undefined ? [...gaps] : ["it ran before it was watched", ...gaps],
    startedAtMs,
    learnsUntilMs: container.isLearning ? Math.round(container.dueMs + offsetMs) : undefined,
    nextReportAtMs: dueMs === Number.POSITIVE_INFINITY ? undefined : Math.round(dueMs + offsetMs),
    events,
    observed: surfacesOf(profile?.observed ?? 0),
    entries: profile?.recording.size ?? 0,
    bytes: profile?.recording.bytes ?? 0,
    pendingBytes: profile?.pendingBytes ?? 0,
    lastReport: profile?.lastReport,
  };
}
