import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { renderTally, shortfalls, tally, type VitestReport } from "./tally.ts";

/**
 * Runs the suites of one stage one after another and closes with the plain line `N passed, N failed, N skipped`.
 *
 *   main.ts STAGE PROJECT [PROJECT ...]   runs vitest per project and keeps the reports under .cache/test-results/STAGE
 *   main.ts --total                       adds up every stage that has run; KINGLET_REQUIRE is judged here
 */
const root = join(import.meta.dirname, "../../..");
const results = join(root, ".cache/test-results");
const required = (process.env["KINGLET_REQUIRE"] ?? "").split(",").filter((name) => name !== "");

const [stage = "", ...projects] = process.argv.slice(2);
if (stage === "" || (stage !== "--total" && projects.length === 0)) {
  process.stderr.write("usage: main.ts STAGE PROJECT [PROJECT ...] | main.ts --total\n");
  process.exit(2);
}
process.exit(stage === "--total" ? await total() : await runStage());

async function runStage(): Promise<number> {
  const folder = join(results, stage);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let worst = 0;
  for (const project of projects) {
    worst = Math.max(worst, await vitest(project, join(folder, `${project}.json`)));
  }
  const sum = tally(await readReports(folder));
  const problems = [...shortfalls(sum, [])];
  if (worst !== 0 && sum.failed === 0) problems.push("vitest ended with an error outside any test");
  process.stdout.write(renderTally(sum, problems));
  return worst !== 0 || sum.failed > 0 || problems.length > 0 ? 1 : 0;
}

async function total(): Promise<number> {
  const stages = await readdir(results);
  const reports = await Promise.all(stages.map((name) => readReports(join(results, name))));
  const sum = tally(reports.flat());
  const problems = shortfalls(sum, required);
  process.stdout.write(renderTally(sum, problems));
  return sum.failed > 0 || problems.length > 0 ? 1 : 0;
}

async function readReports(folder: string): Promise<VitestReport[]> {
  const files = await readdir(folder);
  return Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as VitestReport));
}

function vitest(project: string, output: string): Promise<number> {
  const script = join(root, "node_modules/vitest/vitest.mjs");
  const args = [
    script,
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${output}`,
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
