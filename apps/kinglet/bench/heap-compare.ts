import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { writeSyntheticSnapshot } from "./synthetic-snapshot.ts";

/**
 * How fast `kinglet heap compare` reads two large snapshots, and how much memory it takes: the built bundle in a process of its own.
 *
 * `node --conditions=@kinglet/source apps/kinglet/bench/heap-compare.ts [MEGABYTES [PROGRAM]]` — 500 and the built bundle by default; needs
 * twice that on the disk of the temporary folder, which is given back.
 */
const megabytes = Number(process.argv[2] ?? 500);
if (!Number.isInteger(megabytes) || megabytes < 1) throw new Error("the argument is a size in MB, at least 1");
const program = process.argv[3] ?? join(import.meta.dirname, "../dist/kinglet.cjs");
if (!existsSync(program)) throw new Error("build the program first: pnpm build");

const folder = mkdtempSync(join(tmpdir(), "kinglet-heap-"));
try {
  const before = join(folder, "A.heapsnapshot");
  const after = join(folder, "B.heapsnapshot");
  const a = writeSyntheticSnapshot(before, megabytes * 1e6);
  const b = writeSyntheticSnapshot(after, megabytes * 1e6, 10_000);
  const startMs = performance.now();
  const { code, peakKb } = await run([program, "heap", "compare", before, after, "--top", "3"]);
  const seconds = (performance.now() - startMs) / 1000;
  const read = (a.bytes + b.bytes) / 1e6;
  console.log(
    `\n${read.toFixed(0)} MB in two files, ${a.nodes + b.nodes} nodes, ${a.edges + b.edges} edges; exit code ${code}`,
  );
  console.log(
    `${seconds.toFixed(1)} s, ${(read / seconds).toFixed(0)} MB/s, peak RSS ${(peakKb / 1000).toFixed(0)} MB`,
  );
  console.log(`Node ${process.versions.node}, ${cpus()[0]?.model ?? "unknown CPU"}, ${process.arch}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs Node on a script; the peak comes from the operating system, told by the process itself as it ends. */
async function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly peakKb: number }> {
  const report = `process.on("exit", () => require("node:fs").writeSync(3, String(process.resourceUsage().maxRSS)))`;
  const hook = join(folder, "report.cjs");
  writeFileSync(hook, report);
  const child = spawn(process.execPath, ["--require", hook, ...args], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  let text = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, peakKb: Number(text) };
}
