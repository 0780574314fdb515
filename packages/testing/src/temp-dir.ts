import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that disappears with its contents when disposed. */
export interface TempDir {
  readonly path: string;
  /** A path inside the folder. */
  file(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a fresh private folder below the system's folder for temporary files. */
export async function openTempDir(prefix = "kinglet-test-"): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
