/**
 * What importing a module costs, bundled as the product is: `node packages/lazy-schema/bench/memory/import-heap.ts FILE...`
 *
 * Prints, for each file, the growth of `heapUsed + external` over an empty bundle (median of five processes, after gc) and the
 * bundle's size. A file that only imports measures the import; one that also builds a schema and parses measures that too.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildSync } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "kinglet-import-heap-"));

function heapAfterLoading(bundle: string): number {
  const code = `require(${JSON.stringify(bundle)}); gc(); gc(); const m = process.memoryUsage(); console.log(m.heapUsed + m.external)`;
  const runs = Array.from({ length: 5 }, () =>
    Number(execFileSync(process.execPath, ["--expose-gc", "-e", code], { encoding: "utf8" })),
  );
  return runs.sort((a, b) => a - b)[2] as number;
}

function bundle(entry: string, name: string): string {
  const outfile = join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    minifyWhitespace: true,
    legalComments: "none",
    // Keeps what nothing uses, as an import for its effects would.
    treeShaking: false,
    conditions: ["@kinglet/source"],
    logLevel: "error",
  });
  return outfile;
}

try {
  const empty = join(folder, "empty.ts");
  writeFileSync(empty, "");
  const baseline = heapAfterLoading(bundle(empty, "baseline"));
  for (const [index, entry] of process.argv.slice(2).entries()) {
    const outfile = bundle(entry, `entry-${index}`);
    const deltaKb = (heapAfterLoading(outfile) - baseline) / 1024;
    console.log(
      `${entry}: ${deltaKb.toFixed(0)} KB heap + external, ${(statSync(outfile).size / 1024).toFixed(0)} KB bundle`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
