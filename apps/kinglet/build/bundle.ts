import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type BuildOptions, type Metafile } from "esbuild";
import type { BundleModules, ModuleMapFile } from "../src/applets/heap/module-map.ts";
import { applets } from "../src/applets.ts";
import { appletEntry, appletFile, programFile } from "./applet-bundles.ts";
import { readModules } from "./module-map.ts";
import { shortenNames } from "./shorten-names.ts";
import { bundleOptions, bundleOutsideParts, outsideParts, partsOutside } from "./outside-parts.ts";

/** The program's folder. */
const appFolder: string = join(import.meta.dirname, "..");

/** Where everything that the build makes goes. */
export const distFolder: string = join(appFolder, "dist");

/**
 * Bundles the program: `kinglet.cjs`, which chooses the applet, and a file for each applet.
 *
 * CommonJS because an ESM import of `node:http` evaluates every export of it and loads Node's own undici (3.2 MB of heap); ASCII because a
 * character above U+00FF doubles the script in memory; a file per applet because the text of what the others need costs memory, too, and
 * one memoised initialiser per module, so a module that the applet does not reach runs nothing. Parts that most runs never need lie beside
 * them. The output depends on the sources alone: two builds of one commit are identical.
 *
 * @param folder - where `kinglet.cjs`, the files beside it, `kinglet.modules.json` and `kinglet.meta.json` go.
 */
export async function bundle(folder: string = distFolder): Promise<Metafile> {
  const root = join(appFolder, "../..");
  const manifest = JSON.parse(await readFile(join(appFolder, "package.json"), "utf8")) as { version: string };
  const metafile: Metafile = { inputs: {}, outputs: {} };
  const bundles: BundleModules[] = [];
  const add = async (entry: string, file: string, options: BuildOptions = {}, applet = ""): Promise<void> => {
    const outfile = join(folder, file);
    const result = await build({
      ...bundleOptions,
      ...options,
      entryPoints: [join(appFolder, entry)],
      absWorkingDir: root,
      outfile,
      plugins: [partsOutside(outsideParts.filter(({ onlyFor = applet }) => onlyFor === applet))],
      sourcemap: "external",
    });
    await shortenNames(outfile);
    bundles.push(await readModules(`${outfile}.map`));
    await rm(`${outfile}.map`);
    Object.assign(metafile.inputs, result.metafile?.inputs);
    Object.assign(metafile.outputs, result.metafile?.outputs);
  };
  await add("src/kinglet.ts", programFile, {
    banner: { js: "#!/usr/bin/env node" },
    define: { KINGLET_VERSION: JSON.stringify(manifest.version) },
  });
  for (const { name } of applets) await add(appletEntry(name), appletFile(name), {}, name);
  const map: ModuleMapFile = { format: 2, bundles };
  await writeFile(join(folder, "kinglet.modules.json"), `${JSON.stringify(map)}\n`);
  const outsideInputs = await bundleOutsideParts(root, folder);
  await writeFile(join(folder, "kinglet.meta.json"), JSON.stringify({ ...metafile, outsideInputs }));
  return metafile;
}
