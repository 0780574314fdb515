import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { distFolder } from "./bundle.ts";
import { appletFiles, cacheFile } from "./applet-bundles.ts";
import { outsideFiles } from "./outside-parts.ts";
import { rehearseStarts } from "./rehearse-start.ts";

const run = promisify(execFile);

/**
 * V8 flags that every start of the executable gets. V8 refuses a code cache that was made under others, those that Node brings of its own modules among them,
 * unless a flag is of the few that V8 leaves out of the comparison, as these are: a test asserts it.
 *
 * - A young generation of 1 MiB instead of 32: what an agent allocates per event or object dies at once.
 * - Optimised code is compiled on the main thread: the compiler's working memory in a second thread's arena is never given back, 8 MB at
 *   1,000 pods (33.4 → 25.2 MB anonymous, Node 26.10). The price is a pause of milliseconds per hot function, once.
 */
const v8Flags: readonly string[] = ["--max-semi-space-size=1", "--no-concurrent-recompilation"];

/**
 * V8 flags that are set when Node's own modules are loaded and before the applet is: given at the start they would make V8 refuse Node's code cache, and every
 * start would compile sixty modules, 13 ms (Node 26.10).
 *
 * - No baseline code: it is kept for every function that ran a few times, 0.34 to 0.5 MB in an idle applet. What is hot is optimised as before.
 * - No compiler between interpreter and optimiser: the first function that gets warm brings 3.6 MB of V8's own code into memory, in an idle config-controller
 *   63 instead of 59 MB resident; the rate of events costs no more without it.
 */
const partFlags: readonly string[] = ["--no-sparkplug", "--no-maglev"];

/** How long nothing is optimised after the start of an applet that stays up, milliseconds. */
const startMs = 2_000;

/** What holds while such an applet starts, besides {@link partFlags}; each has a `--no-`. */
const startFlags: readonly string[] = ["--no-turbofan"];

/**
 * What holds in a sensor from then on: the small compiler only, which brings 3.7 MB of V8's code into memory where the optimiser brings 6.9, and less that
 * waits to be collected.
 */
const calmFlags: readonly string[] = ["--no-turbofan", "--maglev", "--optimize-for-size"];

/** What holds once many events a second have come, see `EventPace`. */
const busyFlags: readonly string[] = ["--maglev", "--optimize-for-size"];

/**
 * Flags of the processes that write code caches. Strings are hashed from a seed, and caches hold them in the order of their hashes: with the same seed two
 * builds make the same executable. V8 leaves this flag out of the comparison; at run time the seed is random as ever.
 */
const buildFlags: readonly string[] = [...v8Flags, "--random-seed=1"];

/** All flags of the executable; SIGUSR1 must not open the inspector in the moment before a handler exists. */
export const executableFlags: readonly string[] = [...v8Flags, "--disable-sigusr1"];

/**
 * Makes the single executable from the bundles and the Node binary that runs this build.
 *
 * @param script - the bundle that chooses the applet; the others lie beside it.
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
    const bundle = (await readFile(script, "utf8")).replace(/^#!.*\n/, "");
    await writeFile(main, `${await readPrelude()}${bundle}`);
    await writeFile(
      config,
      JSON.stringify({
        main: "main.cjs",
        output: made,
        executable: base,
        disableExperimentalSEAWarning: true,
        useCodeCache: true,
        execArgv: executableFlags,
        execArgvExtension: "env",
        assets: await makeAssets(script, [...appletFiles, ...outsideFiles], join(work, "parts")),
      }),
    );
    // Named from its folder: the executable holds the name of its main script, and nothing of the machine that built it.
    await run(process.execPath, [...buildFlags, "--build-sea", config], { cwd: work });
    await chmod(made, 0o755);
    await rename(made, output);
    return { isStripped };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What runs before the bundle, with its flags written in. */
export async function readPrelude(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, "sea-prelude.cjs"), "utf8");
  return text
    .replaceAll(/^ *\/\/.*\n/gm, "")
    .replace("PART_FLAGS", JSON.stringify(partFlags))
    .replace("START_FLAGS", JSON.stringify(startFlags))
    .replace("CALM_FLAGS", JSON.stringify(calmFlags))
    .replace("BUSY_FLAGS", JSON.stringify(busyFlags))
    .replace("START_MS", String(startMs));
}

/**
 * What lies beside the bundle, as one asset: of each file the text of a function, one byte a character, and what V8 compiled of it up to the moment in which an
 * applet is ready, because the executable's own code cache is the main script's alone.
 *
 * One asset, because Node looks at the head of each at the start, and the kernel brings the 64 KB around it into memory: 60 assets made 1 MB of resident
 * memory. It begins with the length of its index in eight digits and the index, names with offset and length, as JSON.
 */
export async function makeAssets(
  script: string,
  files: readonly string[],
  work: string,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(work);
  const paths: Record<string, string> = {};
  for (const file of files) {
    const text = await readFile(join(dirname(script), file), "utf8");
    paths[file] = join(work, file);
    paths[cacheFile(file)] = join(work, cacheFile(file));
    await writeFile(
      join(work, file),
      `(function (exports, require, module, __filename, __dirname) {${text}\n})`,
      "latin1",
    );
  }
  const recorder = join(import.meta.dirname, "record-caches.cjs");
  const recording = [...buildFlags, recorder, JSON.stringify(partFlags), work, script];
  await run(process.execPath, recording);
  await rehearseStarts([process.execPath, ...recording]);
  const asset = join(work, "kinglet.parts");
  await writeFile(asset, await packParts(paths));
  return { "kinglet.parts": asset };
}

async function packParts(paths: Readonly<Record<string, string>>): Promise<Buffer> {
  const places: Record<string, readonly [number, number]> = {};
  const contents: Buffer[] = [];
  let offset = 0;
  for (const [name, path] of Object.entries(paths)) {
    const content = await readFile(path);
    places[name] = [offset, content.length];
    contents.push(content);
    offset += content.length;
  }
  const index = Buffer.from(JSON.stringify(places), "latin1");
  return Buffer.concat([Buffer.from(String(index.length).padStart(8, "0")), index, ...contents]);
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
