import { hasCode } from "@kinglet/errors";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { openExportFile } from "./export-file.ts";
import { FileSource } from "./file-source.ts";
import { checkpoints } from "./metrics.ts";
import { resolveOptions, type ResolvedOptions } from "./resolve-options.ts";
import type { TetragonFileSource, TetragonFileSourceOptions } from "./tetragon-file-source.ts";

/**
 * Opens a reader of Tetragon's export file.
 *
 * Reads the checkpoint and looks at the file; nothing is read or watched before `run`. A file that is not there yet is
 * waited for in `run`. A checkpoint that cannot be used is logged, counted and replaced.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION, KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 *
 * @public
 */
export async function openTetragonFileSource(options: TetragonFileSourceOptions): Promise<TetragonFileSource> {
  const resolved = resolveOptions(options);
  // Better now than in the middle of a start: opened only to see that it can be.
  const file = await openExportFile(resolved.path, 0);
  await file?.close();
  return new FileSource(resolved, await readUsableCheckpoint(resolved));
}

async function readUsableCheckpoint(options: ResolvedOptions): Promise<Checkpoint | undefined> {
  if (options.checkpointPath === undefined) return undefined;
  try {
    return await readCheckpoint(options.checkpointPath);
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT")) throw error;
    options.logger.warn(error.message, { code: error.code });
    options.metrics.counter(checkpoints).add(1, { outcome: "corrupt" });
    return undefined;
  }
}
