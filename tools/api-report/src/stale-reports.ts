import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { apiReport } from "./api-report.ts";
import { packageEntries } from "./package-entries.ts";
import { publicPackages } from "./public-packages.ts";

/** What is to be done about the committed reports. */
export interface ReportDifferences {
  /** Paths below the root of reports that are missing, differ, or have no entry (any more). */
  readonly stale: readonly string[];
  /** What is wrong with the sources: exports without a release tag. */
  readonly problems: readonly string[];
}

/**
 * Compares the committed report of every entry of every public package with its surface as it is now.
 *
 * @param options - `write`: also bring the files up to date.
 */
export async function staleReports(root: string, options: { readonly write: boolean }): Promise<ReportDifferences> {
  const stale: string[] = [];
  const problems: string[] = [];
  for (const name of await publicPackages(root)) {
    const folder = join(root, "packages", name);
    const expected = new Set<string>();
    for (const entry of await packageEntries(folder, name)) {
      const path = `packages/${name}/etc/${entry.report}.api.md`;
      expected.add(basename(path));
      const report = await apiReport(folder, entry);
      problems.push(...report.problems);
      if ((await textOf(join(root, path))) === report.text) continue;
      stale.push(path);
      if (!options.write) continue;
      await mkdir(join(folder, "etc"), { recursive: true });
      await writeFile(join(root, path), report.text);
    }
    for (const other of await namesIn(join(folder, "etc"))) {
      if (expected.has(other)) continue;
      stale.push(`packages/${name}/etc/${other}`);
      if (options.write) await rm(join(folder, "etc", other));
    }
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
