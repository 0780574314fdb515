import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Paths that the tarball of a package holds, sorted: code and declarations of every source that is no test, and the three files that every package has.
 *
 * @param folder - absolute path of the package.
 */
export async function expectedFiles(folder: string): Promise<readonly string[]> {
  const paths = ["LICENSE", "README.md", "package.json"];
  for (const path of await readdir(join(folder, "src"), { recursive: true })) {
    if (!path.endsWith(".ts") || path.endsWith(".test.ts")) continue;
    const stem = `dist/${path.slice(0, -".ts".length)}`;
    paths.push(`${stem}.js`, `${stem}.d.ts`);
  }
  return paths.sort();
}
