import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startupGraph } from "@kinglet-tools/startup-graph";
import { freePort } from "@kinglet/testing";
import type { Metafile } from "esbuild";
import { appletScenarios, type AppletScenarios } from "./applet-scenarios.ts";
import type { Measurement } from "./budget.ts";
import { evictFromPageCache } from "./evict-file.ts";
import { largestHolders, type Holder } from "./largest-holders.ts";
import { evaluatedModules, measureHeap, measureResident } from "./measure-applet.ts";
import { median, spread } from "./spread.ts";

const run = promisify(execFile);

/** The executable's own V8 flags, for the bundle on a plain Node. */
const nodeFlags = ["--max-semi-space-size=1", "--no-concurrent-recompilation", "--no-sparkplug", "--no-maglev"];

/** A measurement with what a reader wants to know besides the gated figures. */
export interface AppletMeasurement {
  readonly figures: Measurement;
  /** Relative width of `heapUsed` over the runs. */
  readonly heapSpread: number;
  readonly rss: number;
  readonly readyMs: number;
  /** Anonymous memory at work; 0 when it was not measured. */
  readonly anonymousRssAtWork: number;
  /** Start of the bare Node binary, in turns with the applet's, milliseconds; 0 when it was not measured. */
  readonly bareNodeMs: number;
  /** Modules that ran, largest first, with their bytes in the bundle. */
  readonly largestModules: readonly { readonly path: string; readonly bytes: number }[];
}

/** Measures one applet on the built bundle, and its heap and resident memory on the single executable where there is one. */
export async function measureApplet(options: {
  readonly root: string;
  readonly applet: string;
  readonly runs: number;
}): Promise<AppletMeasurement> {
  const dist = join(options.root, "apps/kinglet/dist");
  const bundle = join(dist, "kinglet.cjs");
  const executable = join(dist, "kinglet");
  const scenarios = scenariosOf(options.applet);
  await using scenario = await scenarios.idle();
  const node = [process.execPath, ...nodeFlags];
  const heaps: Awaited<ReturnType<typeof measureHeap>>[] = [];
  const shippedHeaps: typeof heaps = [];
  for (let index = 0; index < options.runs; index += 1) {
    heaps.push(await measureHeap(await scenario.start(node, bundle)));
    if (existsSync(executable)) shippedHeaps.push(await measureHeap(await scenario.start([], executable)));
  }
  const metafile = JSON.parse(await readFile(join(dist, "kinglet.meta.json"), "utf8")) as Metafile;
  const files = ["kinglet.cjs", `kinglet.${options.applet}.cjs`];
  const entries = ["kinglet.ts", `applets/${options.applet}/applet.ts`];
  const sizes = bytesByModule(metafile, files);
  // A barrel of which nothing is left in the bundle costs nothing.
  const loaded = entries.flatMap((entry) => startupGraph(metafile, `apps/kinglet/src/${entry}`).modules);
  const modules = new Set(loaded.filter((path) => (sizes.get(path) ?? 0) > 0));
  for (const path of await evaluatedModules(await scenario.start(node, bundle), await freePort())) modules.add(path);
  const residents = [];
  const bareNodeMs: number[] = [];
  if (existsSync(executable)) {
    await evictFromPageCache(executable);
    // In turns: a machine that gets busy slows both.
    for (let index = 0; index < 5; index += 1) {
      bareNodeMs.push(await bareNodeStart());
      residents.push(await measureResident(await scenario.start([], executable)));
    }
  }
  const atWork = existsSync(executable) ? await measureAtWork(scenarios, executable) : [];
  const of = (figure: "heapUsed" | "heapUsedAndExternal" | "timers" | "sockets"): number =>
    median(heaps.map((row) => row[figure]));
  const shipped = (figure: "heapUsed" | "heapUsedAndExternal"): number =>
    shippedHeaps.length === 0 ? 0 : median(shippedHeaps.map((row) => row[figure]));
  return {
    figures: {
      heapUsed: of("heapUsed"),
      heapUsedAndExternal: of("heapUsedAndExternal"),
      shippedHeapUsed: shipped("heapUsed"),
      shippedHeapUsedAndExternal: shipped("heapUsedAndExternal"),
      modules: modules.size,
      timers: of("timers"),
      sockets: of("sockets"),
      bundleBytes: sum(await Promise.all(files.map(async (file) => (await stat(join(dist, file))).size))),
      anonymousRss: residents.length === 0 ? 0 : median(residents.map((row) => row.anonymous)),
    },
    heapSpread: spread(heaps.map((row) => row.heapUsed)),
    rss: residents.length === 0 ? 0 : median(residents.map((row) => row.rss)),
    readyMs: residents.length === 0 ? 0 : median(residents.map((row) => row.readyMs)),
    anonymousRssAtWork: atWork.length === 0 ? 0 : median(atWork),
    bareNodeMs: bareNodeMs.length === 0 ? 0 : median(bareNodeMs),
    largestModules: [...modules]
      .map((path) => ({ path, bytes: sizes.get(path) ?? 0 }))
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 10),
  };
}

/** Bytes of each source module in these bundles together. */
function bytesByModule(metafile: Metafile, files: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    if (!files.some((file) => output.endsWith(`/${file}`))) continue;
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      sizes.set(path, (sizes.get(path) ?? 0) + bytesInOutput);
    }
  }
  return sizes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Anonymous memory of an applet at work, bytes per run. */
async function measureAtWork({ atWork }: AppletScenarios, executable: string): Promise<readonly number[]> {
  await using scenario = await atWork();
  const runs: number[] = [];
  for (let index = 0; index < 3; index += 1)
    runs.push((await measureResident(await scenario.start([], executable))).anonymous);
  return runs;
}

function scenariosOf(applet: string): AppletScenarios {
  const scenarios = appletScenarios[applet];
  if (scenarios === undefined) {
    throw new Error(`${applet} has no budget; ${Object.keys(appletScenarios).join(", ")} have`);
  }
  return scenarios;
}

async function bareNodeStart(): Promise<number> {
  const started = performance.now();
  await run(process.execPath, ["-e", "0"]);
  return performance.now() - started;
}

/** What holds the heap of an idle applet, largest first; started once more for it. */
export async function measureHolders(root: string, applet: string): Promise<readonly Holder[]> {
  await using scenario = await scenariosOf(applet).idle();
  return await largestHolders(
    await scenario.start([process.execPath, ...nodeFlags], join(root, "apps/kinglet/dist/kinglet.cjs")),
    10,
  );
}
