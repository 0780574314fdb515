import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** One way into a package. */
export interface PackageEntry {
  /** Name of its report without the extension: the package's own, or with the sub-path behind it (`kube-client.controller`). */
  readonly report: string;
  /** Path of its declarations below the package's folder. */
  readonly declarations: string;
}

/**
 * The entries of a package's `exports` map that have declarations, in the order of the map.
 *
 * @param folder - absolute path of the package.
 * @param name - name of the folder.
 */
export async function packageEntries(folder: string, name: string): Promise<readonly PackageEntry[]> {
  const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
  };
  const entries: PackageEntry[] = [];
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target === "string" || target.types === undefined) continue;
    const report = path === "." ? name : `${name}.${path.slice("./".length).replaceAll("/", ".")}`;
    entries.push({ report, declarations: target.types.slice("./".length) });
  }
  return entries;
}
