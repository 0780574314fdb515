import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ContainerIdentity } from "@kinglet/enrichment";
import type { PeerLookup } from "@kinglet/learning";
import type { KubeClient } from "@kinglet/kube-client";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { ProfileCache } from "@kinglet/profile-cache";
import type { RuntimeEventSource } from "@kinglet/runtime-events";
import type { ProfileStore } from "@kinglet/storage-client";
import type { SensorConfig } from "../config.ts";
import { loadLearning } from "../lazy.ts";
import { LearningSeam, type LearningSeamOptions } from "./learning-seam.ts";

/** Bytes that learning holds at the reference limit; they scale with the container's. */
const learnedBytes = 268_435_456;
const fewestLearnedBytes = 4_194_304;
/** In cluster scope they are those of every node. */
const learnedContainers = 20_000;

/**
 * Learning, as far as the settings want it; nothing of it is loaded before there is something to learn.
 *
 * @internal
 */
export function openLearning(
  base: {
    readonly config: SensorConfig;
    readonly client: Pick<KubeClient, "list">;
    readonly store: ProfileStore;
    readonly profiles: ProfileCache;
    readonly source: RuntimeEventSource;
    readonly isContinued: boolean;
    readonly isHostNetwork: (container: ContainerIdentity) => boolean;
    readonly namesakes: LearningSeamOptions["namesakes"];
    readonly peers: PeerLookup;
    readonly scaled: (size: number) => number;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Metrics;
  },
  stack: AsyncDisposableStack,
): LearningSeam | undefined {
  const { config, client, store, profiles, source, isContinued, peers, scaled, clock, logger, metrics } = base;
  if (!config.learn) return undefined;
  const queueDir = join(config.stateDir, "learning-queue");
  const openedAtMs = clock.now();
  const hasTetragon = config.eventSources.some((name) => name.startsWith("tetragon-"));
  const { learningInitialDelay, learningUpdatePeriod, learningMaxTime, clusterName } = config;
  const seam: LearningSeam = new LearningSeam(async () => {
    const { openContainerLearning } = await loadLearning();
    const learning = await openContainerLearning({
      learner: {
        store,
        clock,
        logger,
        metrics,
        queueDir,
        peers,
        clusterName,
        timings: {
          initialDelayMs: learningInitialDelay,
          updatePeriodMs: learningUpdatePeriod,
          maxLearningMs: learningMaxTime,
        },
        limits: {
          maxTotalBytes: Math.max(fewestLearnedBytes, scaled(learnedBytes)),
          maxContainers: Math.max(1_000, scaled(learnedContainers)),
        },
        // Nothing is judged by one that is still learned, so that it need not be fetched back each time it grows.
        onReported: ({ namespace, name, status }) => {
          if (status !== "ready") profiles.profileWritten(namespace, name);
        },
      },
      ...(hasTetragon ? { tetragon: { policies: config.tetragonPolicies, client } } : {}),
      source,
      files: { "tetragon-file": config.tetragonFile, "linux-audit": config.auditLog },
      openedAtMs,
      isContinued,
      missedSince: (container) => seam.missedSince(container, clock.now()),
      clock,
    });
    if (!stack.disposed) stack.use(learning);
    return learning;
  }, base);
  if (isFilled(queueDir)) seam.open();
  return seam;
}

/** True when an earlier process left something that the store has not taken yet. */
function isFilled(folder: string): boolean {
  try {
    // The lock of one that was killed is nothing to take up.
    return readdirSync(folder).some((name) => name.endsWith(".journal"));
  } catch {
    // There is none: nothing was ever learned here.
    return false;
  }
}
