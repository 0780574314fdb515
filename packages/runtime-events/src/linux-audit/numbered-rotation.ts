import { basename, dirname, join } from "node:path";
import { statFile } from "../export-file.ts";
import type { RotatedFile } from "../export-folder.ts";
import { listFolder } from "../file-system.ts";

/**
 * The files that auditd rotated away from `audit.log`: `audit.log.1` is the youngest, and with every rotation each gets the next number;
 * oldest first. A tool that compresses them (`audit.log.3.gz`) is followed, too.
 *
 * The name says nothing that stays, so a file's age is the time it was last written to, which renaming does not change.
 *
 * @internal
 */
export async function listNumbered(path: string): Promise<readonly RotatedFile[]> {
  const prefix = `${basename(path)}.`;
  const byNumber = new Map<number, string>();
  for (const name of await namesIn(dirname(path))) {
    const number = name.startsWith(prefix) ? /^(\d{1,4})(?:\.gz)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    // While a file is being compressed both exist; the plain one is complete, and comes first.
    if (number !== undefined && !byNumber.has(Number(number))) byNumber.set(Number(number), join(dirname(path), name));
  }
  const files: RotatedFile[] = [];
  for (const [number, file] of [...byNumber].toSorted(([one], [other]) => other - one)) {
    const modifiedMs = await tryModifiedMs(file);
    if (modifiedMs === undefined) continue;
    const time = Math.round(modifiedMs * 1000)
      .toString()
      .padStart(18, "0");
    // Two that were written to in the same microsecond are still told apart for as long as nothing is renamed.
    files.push({ path: file, rotatedAt: `${time}-${(9999 - number).toString().padStart(4, "0")}` });
  }
  return files;
}

async function tryModifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await statFile(path))?.modifiedMs;
  } catch {
    // No file, or not ours to read: no candidate.
    return undefined;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await listFolder(folder)).toSorted();
  } catch {
    // No folder, no files. Without the right to list, rotation can still be followed through the open file.
    return [];
  }
}
