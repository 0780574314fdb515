import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { apiReport } from "./api-report.ts";
import { publicPackages } from "./public-packages.ts";

/** What is to be done about the committed reports. */
export interface ReportDifferences {
  /** Paths below the root of reports that are missing, differ, or have no package (any more). */
  readonly stale: readonly string[];
  /** What is wrong with the sources: exports without a release tag. */
  readonly problems: readonly string[];
}

/**
 * Compares the committed report of every public package with its surface as it is now.
 *
 * @param options - `write`: also bring the files up to date.
 */
export async function staleReports(root: string, options: { readonly write: boolean }): Promise<ReportDifferences> {
  const stale: string[] = [];
  const problems: string[] = [];
  for (const name of await publicPackages(root)) {
    const path = `packages/${name}/etc/${name}.api.md`;
    const file = join(root, path);
    const report = await apiReport(join(root, "packages", name), name);
    problems.push(...report.problems);
    for (const other of await namesIn(dirname(file))) {
      if (other === basename(file)) continue;
      stale.push(join(dirname(path), other));
      if (options.write) await rm(join(dirname(file), other));
    }
    if ((await textOf(file)) === report.text) continue;
    stale.push(path);
    if (!options.write) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, report.text);
  }
  return { stale, problems };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".api.md"));
  } catch {
    // No folder: no report yet.
    return [];
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    // Missing is what makes it stale.
    return undefined;
  }
}
