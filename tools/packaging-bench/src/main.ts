import { mkdtemp, rm, stat } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sensorScenario } from "@kinglet-tools/heap-budget/sensor-scenario";
import { executableFlags } from "../../../apps/kinglet/build/executable.ts";
import { makeBundles } from "./make-bundles.ts";
import { makePkg } from "./make-pkg.ts";
import { makeSea, strippedNode } from "./make-sea.ts";
import { measurePrograms } from "./measure-programs.ts";
import type { PackagedProgram } from "./packaged-program.ts";
import { renderTable } from "./render-table.ts";

/**
 * `pnpm bench:packaging [--runs 7] [--pkg FOLDER]`: packages the program in every way that was considered and measures the idle sensor of
 * each; the table of docs/adr/0001-packaging.md.
 *
 * `@yao-pkg/pkg` is no dependency: install it anywhere outside (`npm install --prefix FOLDER @yao-pkg/pkg@6.23.0`) and name the folder, or
 * its rows are left out.
 */
const { values } = parseArgs({ options: { runs: { type: "string", default: "7" }, pkg: { type: "string" } } });
const root = join(import.meta.dirname, "../../..");
const work = await mkdtemp(join(tmpdir(), "kinglet-packaging-"));
try {
  await using scenario = await sensorScenario();
  const { shipped, oneForAll, oneFile, isReproducible } = await makeBundles(root, work);
  const base = await strippedNode(work);
  const sea = { bundle: shipped, base, flags: executableFlags };
  const programs: PackagedProgram[] = [
    await plain("node kinglet.cjs", []),
    await plain("node kinglet.cjs, V8 flags", executableFlags),
    await makeSea({ ...sea, name: "shipped: --build-sea, stripped, code cache" }, work),
    await makeSea({ ...sea, name: "not stripped", base: process.execPath }, work),
    await makeSea({ ...sea, name: "without V8 flags", flags: ["--disable-sigusr1"] }, work),
    await makeSea({ ...sea, name: "one bundle for all applets", bundle: oneForAll }, work),
    await makeSea({ ...sea, name: "all parts in that one, too", bundle: oneFile }, work),
    await makeSea({ ...sea, name: "MALLOC_ARENA_MAX=1", env: { MALLOC_ARENA_MAX: "1" } }, work),
    await makeSea({ ...sea, name: "MALLOC_ARENA_MAX=2", env: { MALLOC_ARENA_MAX: "2" } }, work),
  ];
  if (values.pkg !== undefined) {
    const pkg = { bundle: shipped, base };
    const seaConfig = { useCodeCache: true, execArgv: executableFlags };
    programs.push(
      await makePkg({ ...pkg, name: "pkg, its defaults", base: process.execPath, seaConfig: {} }, values.pkg, work),
    );
    programs.push(await makePkg({ ...pkg, name: "pkg, seaConfig as shipped", seaConfig }, values.pkg, work));
  }
  const measured = await measurePrograms(programs, scenario, Number(values.runs));
  process.stdout.write(
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${String(cpus().length)} x ${cpus()[0]?.model ?? "?"}, kernel ${release().split("-")[0] ?? "?"}; ` +
      `medians of ${values.runs} rounds; bundle reproducible: ${isReproducible ? "yes" : "NO"}\n\n${renderTable(measured)}`,
  );

  async function plain(name: string, flags: readonly string[]): Promise<PackagedProgram> {
    const target = join(shipped, "kinglet.cjs");
    const fileBytes = (await stat(target)).size + (await stat(process.execPath)).size;
    return { name, command: [process.execPath, ...flags], target, env: {}, fileBytes, buildMs: 0 };
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
