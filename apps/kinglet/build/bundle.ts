import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { writeModuleMap } from "./module-map.ts";
import { shortenNames } from "./shorten-names.ts";
import { bundleOptions, bundleOutsideParts, partsOutside } from "./outside-parts.ts";

/** The program's folder. */
const appFolder: string = join(import.meta.dirname, "..");

/** Where everything that the build makes goes. */
export const distFolder: string = join(appFolder, "dist");

/**
 * Bundles the program into one CommonJS file.
 *
 * CommonJS because an ESM import of `node:http` evaluates every export of it and loads Node's own undici (3.2 MB of heap); ASCII because a
 * character above U+00FF doubles the script in memory; one file with a memoised initialiser per module, so a module that no applet reaches
 * runs nothing. Parts that most runs never need lie beside it. The output depends on the sources alone: two builds of one commit are
 * identical.
 *
 * @param folder - where `kinglet.cjs`, the files beside it and `kinglet.meta.json` go.
 */
export async function bundle(folder: string = distFolder): Promise<Metafile> {
  const root = join(appFolder, "../..");
  const manifest = JSON.parse(await readFile(join(appFolder, "package.json"), "utf8")) as { version: string };
  const result = await build({
    ...bundleOptions,
    entryPoints: [join(appFolder, "src/kinglet.ts")],
    absWorkingDir: root,
    outfile: join(folder, "kinglet.cjs"),
    plugins: [partsOutside()],
    banner: { js: "#!/usr/bin/env node" },
    define: { KINGLET_VERSION: JSON.stringify(manifest.version) },
    sourcemap: "external",
  });
  await shortenNames(join(folder, "kinglet.cjs"));
  const sourceMap = join(folder, "kinglet.cjs.map");
  await writeModuleMap(sourceMap, join(folder, "kinglet.modules.json"));
  await rm(sourceMap);
  const outsideInputs = await bundleOutsideParts(root, folder);
  await writeFile(join(folder, "kinglet.meta.json"), JSON.stringify({ ...result.metafile, outsideInputs }));
  return result.metafile;
}
