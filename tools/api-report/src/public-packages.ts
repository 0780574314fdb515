import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Names of the folders below `packages/` that other teams may install, sorted. */
export async function publicPackages(root: string): Promise<readonly string[]> {
  const names = (await readdir(join(root, "packages"))).sort();
  const manifests = await Promise.all(
    names.map((name) => readFile(join(root, "packages", name, "package.json"), "utf8")),
  );
  return names.filter(
    (_name, index) => (JSON.parse(manifests[index] ?? "{}") as { private?: boolean }).private !== true,
  );
}
