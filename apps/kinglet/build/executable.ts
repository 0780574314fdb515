import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { distFolder } from "./bundle.ts";
import { outsideFiles } from "./outside-parts.ts";

const run = promisify(execFile);

/**
 * V8 flags that every start of the executable gets. The build runs with the same ones, because V8 refuses a code cache that was made under
 * others; a test on the built executable asserts that it is accepted.
 *
 * - A young generation of 1 MiB instead of 32: what an agent allocates per event or object dies at once.
 * - Optimised code is compiled on the main thread: the compiler's working memory in a second thread's arena is never given back, 8 MB at
 *   1,000 pods (33.4 → 25.2 MB anonymous, Node 26.10). The price is a pause of milliseconds per hot function, once.
 */
const v8Flags: readonly string[] = ["--max-semi-space-size=1", "--no-concurrent-recompilation"];

/** All flags of the executable; SIGUSR1 must not open the inspector in the moment before a handler exists. */
export const executableFlags: readonly string[] = [...v8Flags, "--disable-sigusr1"];

/**
 * Makes the single executable from the bundle and the Node binary that runs this build.
 *
 * @param script - the bundle.
 * @param output - the executable; replaced atomically.
 * @returns whether the Node binary could be stripped (needs `strip` of binutils): 150 MB become 116 MB.
 */
export async function makeExecutable(script: string, output: string): Promise<{ readonly isStripped: boolean }> {
  const work = await mkdtemp(join(distFolder, ".sea-"));
  try {
    const base = join(work, "node");
    await copyFile(process.execPath, base);
    await chmod(base, 0o755);
    const isStripped = await strip(base);
    const config = join(work, "sea.json");
    const made = join(work, "kinglet");
    const main = join(work, "main.cjs");
    const prelude = await readFile(join(import.meta.dirname, "sea-prelude.cjs"), "utf8");
    await writeFile(
      main,
      `${prelude.replace(/^\/\/.*\n/, "")}${(await readFile(script, "utf8")).replace(/^#!.*\n/, "")}`,
    );
    await writeFile(
      config,
      JSON.stringify({
        main,
        output: made,
        executable: base,
        disableExperimentalSEAWarning: true,
        useCodeCache: true,
        execArgv: executableFlags,
        execArgvExtension: "env",
        assets: Object.fromEntries(outsideFiles.map((file) => [file, join(dirname(script), file)])),
      }),
    );
    await run(process.execPath, [...v8Flags, "--build-sea", config]);
    await chmod(made, 0o755);
    await rename(made, output);
    return { isStripped };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function strip(path: string): Promise<boolean> {
  try {
    await run("strip", [path]);
    return true;
  } catch {
    // no binutils on this machine: the executable works the same and is 34 MB larger
    return false;
  }
}
