import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expectedFiles } from "./expected-files.ts";

/**
 * Brings `packages/NAME/dist` of every package up to date (`tsc -b`) and removes what sources that are gone had left there.
 *
 * @throws Error with the compiler's output when it finds errors.
 */
export async function buildDeclarations(root: string): Promise<void> {
  const result = spawnSync(join(root, "node_modules/.bin/tsc"), ["-b"], { cwd: root, encoding: "utf8" });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`tsc -b: ${result.stdout}${result.stderr}`);
  for (const name of await readdir(join(root, "packages"))) {
    const folder = join(root, "packages", name);
    const expected = new Set(await expectedFiles(folder));
    for (const entry of await readdir(join(folder, "dist"), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() && !expected.has(file.slice(folder.length + 1))) await rm(file);
    }
  }
}
