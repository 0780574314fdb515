import { hasCode } from "@kinglet/errors";
import { optionError } from "./assert-option.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { openExportFile } from "./export-file.ts";
import type { FollowedFile } from "./file-follower-options.ts";
import { checkpoints } from "./metrics.ts";

/**
 * Looks whether a file can be followed, if it is there, and from where; a checkpoint that cannot be used is logged and counted.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION, KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 * @internal
 */
export async function checkFollowedFile(settings: FollowedFile): Promise<Checkpoint | undefined> {
  const { path, checkpointPath, logger, metrics } = settings;
  if (path === "") throw optionError("path", '""', "a path");
  // Better now than in the middle of a start: opened only to see that it can be.
  const file = await openExportFile(path, 0);
  await file?.close();
  if (checkpointPath === undefined) return undefined;
  try {
    return await readCheckpoint(checkpointPath);
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT")) throw error;
    logger.warn(error.message, { code: error.code });
    metrics.counter(checkpoints).add(1, { outcome: "corrupt" });
    return undefined;
  }
}
