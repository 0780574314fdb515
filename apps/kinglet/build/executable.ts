import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { distFolder } from "./bundle.ts";
import { libraryFiles } from "./libraries.ts";

const run = promisify(execFile);

/**
 * V8 flags that every start of the executable gets. None of them may change V8's flag hash, or the code cache is refused; a test on the
 * built executable asserts that it is accepted.
 */
export const executableFlags: readonly string[] = ["--max-semi-space-size=1", "--disable-sigusr1"];

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
    await writeFile(main, `${prelude.replace(/^\/\/.*\n/, "")}${(await readFile(script, "utf8")).replace(/^#!.*\n/, "")}`);
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
        assets: Object.fromEntries(libraryFiles.map((file) => [file, join(dirname(script), file)])),
      }),
    );
    await run(process.execPath, ["--build-sea", config]);
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
