import type { ProfileSurface } from "@kinglet/profile";
import { defaultCollapseConfiguration, type CollapseConfiguration } from "@kinglet/profile/merging";
import type { LearnerOptions, LearningReport } from "./learner-options.ts";
import { defaultLearningLimits, type LearningLimits } from "./learning-limits.ts";
import { defaultLearningTimings, type LearningTimings } from "./learning-timings.ts";
import type { PeerLookup } from "./peer-lookup.ts";

/** Options with every default filled in. @internal */
export interface ResolvedLearnerOptions extends Pick<
  LearnerOptions,
  "store" | "clock" | "logger" | "metrics" | "queueDir"
> {
  readonly timings: LearningTimings;
  readonly limits: LearningLimits;
  /** Of all profiles: what is learned must fit into the queue directory, twice while that is rewritten. */
  readonly maxTotalBytes: number;
  readonly observed: readonly ProfileSurface[];
  readonly peers: PeerLookup | undefined;
  readonly collapse: CollapseConfiguration;
  readonly clusterName: string;
  readonly architecture: string;
  readonly random: () => number;
  readonly onReported: (report: LearningReport) => void;
  readonly onDeciding: () => void;
  readonly caughtUp: () => () => boolean;
}

/** As container images name them; others are named as Node does. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** @internal */
export function resolveLearnerOptions(options: LearnerOptions): ResolvedLearnerOptions {
  const limits = { ...defaultLearningLimits, ...options.limits };
  return {
    store: options.store,
    clock: options.clock,
    logger: options.logger,
    metrics: options.metrics,
    queueDir: options.queueDir,
    timings: { ...defaultLearningTimings, ...options.timings },
    limits,
    maxTotalBytes:
      options.queueDir === undefined
        ? limits.maxTotalBytes
        : Math.min(limits.maxTotalBytes, Math.floor(limits.maxQueueBytes / 2)),
    observed: options.observed ?? [],
    peers: options.peers,
    collapse: options.collapse ?? defaultCollapseConfiguration,
    clusterName: options.clusterName ?? "",
    architecture: options.architecture ?? ARCHITECTURES[process.arch] ?? process.arch,
    random: options.random ?? Math.random,
    onReported: options.onReported ?? (() => {}),
    onDeciding: options.onDeciding ?? (() => {}),
    caughtUp: options.caughtUp ?? (() => () => true),
  };
}
