import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeAssets } from "../../../apps/kinglet/build/executable.ts";
import type { PackagedProgram } from "./packaged-program.ts";

const run = promisify(execFile);

/** What distinguishes one single executable from another. */
export interface SeaVariant {
  readonly name: string;
  /** Folder of the bundle. */
  readonly bundle: string;
  /** The Node binary that the executable is made from. */
  readonly base: string;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Makes a single executable with Node's own `--build-sea`, in a folder of its own below `work`. */
export async function makeSea(variant: SeaVariant, work: string): Promise<PackagedProgram> {
  const folder = join(work, variant.name.replaceAll(/[^\w]+/g, "-"));
  await mkdir(folder, { recursive: true });
  const started = performance.now();
  const main = join(folder, "main.cjs");
  const config = join(folder, "sea.json");
  const target = join(folder, "kinglet");
  await writeFile(main, await shippedMain(variant.bundle));
  const assets = await assetsOf(variant.bundle, folder);
  await writeFile(
    config,
    JSON.stringify({
      main,
      output: target,
      executable: variant.base,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      execArgv: variant.flags,
      execArgvExtension: "env",
      assets,
    }),
  );
  await run(process.execPath, [...variant.flags, "--build-sea", config]);
  await chmod(target, 0o755);
  return {
    name: variant.name,
    command: [],
    target,
    env: variant.env ?? {},
    fileBytes: (await stat(target)).size,
    buildMs: performance.now() - started,
  };
}

/** What lies beside a bundle, with V8's code caches made in `folder`. */
export async function assetsOf(bundle: string, folder: string): Promise<Readonly<Record<string, string>>> {
  const beside = (await readdir(bundle)).filter((name) => name.endsWith(".cjs") && name !== "kinglet.cjs");
  return makeAssets(bundle, beside, folder);
}

/** The script that is shipped: what leads parts to assets, then the bundle. */
export async function shippedMain(bundle: string): Promise<string> {
  return `${await prelude()}${await bundleText(bundle)}`;
}

/** Leads parts to assets; without its comments. */
async function prelude(): Promise<string> {
  const path = join(import.meta.dirname, "../../../apps/kinglet/build/sea-prelude.cjs");
  return (await readFile(path, "utf8")).replaceAll(/^\/\/.*\n/gm, "");
}

/** The bundle without the line for the shell. */
async function bundleText(bundle: string): Promise<string> {
  return (await readFile(join(bundle, "kinglet.cjs"), "utf8")).replace(/^#!.*\n/, "");
}

/** A copy of the running Node binary without its symbols. */
export async function strippedNode(work: string): Promise<string> {
  const path = join(work, "node");
  await copyFile(process.execPath, path);
  await chmod(path, 0o755);
  await run("strip", [path]);
  return path;
}
