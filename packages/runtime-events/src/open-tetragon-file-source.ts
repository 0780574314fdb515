import { checkFollowedFile } from "./check-followed-file.ts";
import { FileSource } from "./file-source.ts";
import { resolveOptions } from "./resolve-options.ts";
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
  return new FileSource(resolved, await checkFollowedFile(resolved));
}
