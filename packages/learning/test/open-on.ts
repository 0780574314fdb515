import { ManualClock } from "@kinglet/lifecycle";
import { LearnerBench } from "./learner-bench.ts";
import { MemoryStore } from "./memory-store.ts";
import type { ModelFiles } from "./model-files.ts";

/** A learner on this directory; the next one on the same store and clock finds what it left. */
export const openOn = (model: ModelFiles, before?: LearnerBench, more = {}): Promise<LearnerBench> => {
  before?.kill();
  return LearnerBench.open({
    queueDir: "/queue",
    files: model.files,
    clock: before?.clock ?? new ManualClock(),
    store: before?.store ?? new MemoryStore(),
    ...more,
  });
};
