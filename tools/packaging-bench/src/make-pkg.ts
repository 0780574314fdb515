import { execFile } from "node:child_process";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { assetsOf, shippedMain } from "./make-sea.ts";
import type { PackagedProgram } from "./packaged-program.ts";

const run = promisify(execFile);

/** What `pkg` is asked for. */
export interface PkgVariant {
  readonly name: string;
  readonly bundle: string;
  readonly base: string;
  /** Passed through as its `seaConfig`, which the command line of pkg 6.23.0 never passes on. */
  readonly seaConfig: Readonly<Record<string, unknown>>;
}

/**
 * Makes a single executable with `@yao-pkg/pkg` in SEA mode on a local Node.
 *
 * Goes through the function behind the command line: the command line of 6.23.0 asks nodejs.org for the target's Node binary in every case.
 *
 * @param installed - a folder where `@yao-pkg/pkg` is installed, outside this repository.
 */
export async function makePkg(variant: PkgVariant, installed: string, work: string): Promise<PackagedProgram> {
  const folder = join(work, variant.name.replaceAll(/[^\w]+/g, "-"));
  await mkdir(folder, { recursive: true });
  const target = join(folder, "kinglet");
  const main = join(folder, "main.cjs");
  const driver = join(folder, "drive.cjs");
  const assets = await assetsOf(variant.bundle, folder);
  await writeFile(main, await shippedMain(variant.bundle));
  const options = {
    targets: [{ platform: "linux", arch: process.arch, nodeRange: "node26", output: target }],
    nodePath: variant.base,
    seaConfig: { assets, ...variant.seaConfig },
  };
  const library = resolve(installed, "node_modules/@yao-pkg/pkg/lib-es5/sea.js");
  await writeFile(
    driver,
    `require(${JSON.stringify(library)}).default(${JSON.stringify(main)}, ${JSON.stringify(options)}).catch((error) => { console.error(error); process.exit(1); });\n`,
  );
  const started = performance.now();
  await run(process.execPath, [driver]);
  return {
    name: variant.name,
    command: [],
    target,
    env: {},
    fileBytes: (await stat(target)).size,
    buildMs: performance.now() - started,
  };
}
