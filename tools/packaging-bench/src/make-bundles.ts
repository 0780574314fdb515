import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { appletFile } from "../../../apps/kinglet/build/applet-bundles.ts";
import { bundle } from "../../../apps/kinglet/build/bundle.ts";
import {
  bundleOptions,
  bundleOutsideParts,
  outsideParts,
  partsOutside,
} from "../../../apps/kinglet/build/outside-parts.ts";
import { shortenNames } from "../../../apps/kinglet/build/shorten-names.ts";

/** The bundles that the executables are made from; each a folder with `kinglet.cjs` and what lies beside it. */
export interface Bundles {
  /** As shipped: a bundle per applet, rarely needed parts beside them. */
  readonly shipped: string;
  /** All applets in `kinglet.cjs`, rarely needed parts beside it. */
  readonly oneForAll: string;
  /** Everything in `kinglet.cjs`. */
  readonly oneFile: string;
  /** Whether bundling the same sources twice gave the same bytes. */
  readonly isReproducible: boolean;
}

/** Bundles the program in every way that is compared. */
export async function makeBundles(root: string, work: string): Promise<Bundles> {
  const folders = ["shipped", "again", "one for all", "one file"].map((name) => join(work, name));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const [shipped = "", again = "", oneForAll = "", oneFile = ""] = folders;
  await bundle(shipped);
  await bundle(again);
  await bundleWhole(root, oneForAll, true);
  await bundleWhole(root, oneFile, false);
  return { shipped, oneForAll, oneFile, isReproducible: (await digest(shipped)) === (await digest(again)) };
}

async function bundleWhole(root: string, folder: string, hasPartsOutside: boolean): Promise<void> {
  const outfile = join(folder, "kinglet.cjs");
  await build({
    ...bundleOptions,
    entryPoints: [join(root, "apps/kinglet/src/kinglet.ts")],
    absWorkingDir: root,
    outfile,
    plugins: hasPartsOutside ? [partsOutside(outsideParts, { areAppletsOutside: false })] : [],
    banner: { js: "#!/usr/bin/env node" },
    define: { KINGLET_VERSION: JSON.stringify("0.0.0") },
    sourcemap: "external",
  });
  await shortenNames(outfile);
  if (hasPartsOutside) await bundleOutsideParts(root, folder);
}

async function digest(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["kinglet.cjs", appletFile("sensor")]) hash.update(await readFile(join(folder, file)));
  return hash.digest("hex");
}
