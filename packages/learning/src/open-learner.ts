import { createError, describeError, hasCode } from "@kinglet/errors";
import { learningErrors } from "./errors.ts";
import { nodeJournalFiles } from "./journal-files.ts";
import { RestoredProfiles } from "./journal-record.ts";
import { Journal } from "./journal.ts";
import type { LearnerOptions } from "./learner-options.ts";
import { Learner } from "./learner.ts";
import { defaultLearningLimits } from "./learning-limits.ts";

/**
 * Opens a learner, with what an earlier one left in the queue directory.
 *
 * @throws `KINGLET_ERR_LEARNING_LOCKED` while another process has the directory, `KINGLET_ERR_LEARNING_QUEUE` when the directory cannot be made or listed. Records that nobody can read are counted, logged and
 * left out; then every container that was being followed is partial.
 *
 * @public
 */
export async function openLearner(options: LearnerOptions): Promise<Learner> {
  const { queueDir, files = nodeJournalFiles, logger } = options;
  if (queueDir === undefined) return new Learner(options, undefined, new Map(), 0);
  try {
    const maxBytes = options.limits?.maxQueueBytes ?? defaultLearningLimits.maxQueueBytes;
    const restored = new RestoredProfiles();
    const { journal, damaged } = await Journal.open(queueDir, {
      files,
      maxBytes,
      take: (record) => restored.take(record),
    });
    const profiles = restored.byKey;
    const corrupt = damaged + restored.unusable;
    if (corrupt > 0) {
      logger.warn("records of what was learned cannot be read", { path: queueDir, records: corrupt });
      for (const { containers } of profiles.values()) {
        for (const [id, record] of containers) {
          const gaps = [...record.gaps, "a part of what was learned could not be read"];
          const claim = record.claim === null ? null : ({ ...record.claim, completion: "partial" } as const);
          containers.set(id, { ...record, gaps, claim });
        }
      }
    }
    return new Learner(options, journal, profiles, corrupt);
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_LEARNING_LOCKED")) throw error;
    const details = { path: queueDir, problem: describeError(error) };
    throw createError(learningErrors, "KINGLET_ERR_LEARNING_QUEUE", details, { cause: error });
  }
}
