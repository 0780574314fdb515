import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Scenario } from "@kinglet-tools/heap-budget/sensor-scenario";
import { startApplet } from "@kinglet-tools/heap-budget/running-applet";
import { bundleText, makeSea, prelude, type SeaVariant } from "./make-sea.ts";
import type { PackagedProgram } from "./packaged-program.ts";

/** How long an applet runs before its code cache is taken, milliseconds: ready, first answers handled. */
const warmMs = 300;

/** Whether the applet's compiled code comes with it. */
export type DispatcherCache = "none" | "after-warm-up";

/**
 * A small main script that compiles the applet's bundle, an asset, at run time.
 *
 * This is what a file per applet comes to in a single executable: only one script can be the main script.
 */
export async function makeDispatcher(
  variant: SeaVariant,
  cache: DispatcherCache,
  { work, scenario }: { readonly work: string; readonly scenario: Scenario },
): Promise<PackagedProgram> {
  const source = join(work, "applet.source");
  await writeFile(
    source,
    `(function (exports, require, module, __filename, __dirname) {${await bundleText(variant.bundle)}\n})`,
  );
  const plain: SeaVariant = { ...variant, main: await dispatcher(false), assets: { applet: source } };
  if (cache === "none") return makeSea(plain, work);
  const cacheFile = join(work, "applet.cache");
  const warming = await makeSea({ ...plain, name: `${variant.name} warm-up` }, work);
  await writeFile(cacheFile, await warmCache(warming, cacheFile, scenario));
  return makeSea({ ...variant, main: await dispatcher(true), assets: { applet: source, cache: cacheFile } }, work);
}

/** Runs the executable until it is ready and has it write the code that V8 has compiled by then. */
async function warmCache(program: PackagedProgram, file: string, scenario: Scenario): Promise<Buffer> {
  const start = await scenario.start(program.command, program.target);
  await using applet = await startApplet({ ...start, env: { ...start.env, PACKAGING_BENCH_CACHE: file } });
  await delay(warmMs);
  process.kill(applet.pid, "SIGCONT");
  await delay(warmMs);
  return readFile(file);
}

/** SIGCONT asks for the cache: the program itself has no use for it. */
async function dispatcher(hasCache: boolean): Promise<string> {
  const take = hasCache
    ? ""
    : `const file = process.env.PACKAGING_BENCH_CACHE;
if (file !== undefined) process.on("SIGCONT", () => require("node:fs").writeFileSync(file, script.createCachedData()));`;
  const cachedData = hasCache ? "cachedData: Buffer.from(sea.getRawAsset('cache'))," : "";
  return `${await prelude()}
const sea = require("node:sea");
const source = Buffer.from(sea.getRawAsset("applet")).latin1Slice();
const script = new (require("node:vm").Script)(source, { ${cachedData} filename: __filename });
if (script.cachedDataRejected === true) process.emitWarning("Code cache data rejected.");
${take}
script.runInThisContext()(exports, require, module, __filename, __dirname);
`;
}
