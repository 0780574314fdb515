import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { bundleOptions, bundleOutsideParts, partsOutside } from "../../../apps/kinglet/build/outside-parts.ts";

/** One way to bundle the program. */
interface BundleVariant {
  readonly folder: string;
  readonly plugins?: readonly Plugin[];
  readonly minifyIdentifiers?: boolean;
}

/** The bundles that the executables are made from; each a folder with `kinglet.cjs` and its parts. */
export interface Bundles {
  /** As shipped: rarely needed parts beside the bundle. */
  readonly shipped: string;
  /** Everything in one file. */
  readonly oneFile: string;
  /** As shipped, with short identifiers. */
  readonly minified: string;
  /** Whether bundling the same sources twice gave the same bytes. */
  readonly isReproducible: boolean;
}

/** Bundles the program in every way that is compared. */
export async function makeBundles(root: string, work: string): Promise<Bundles> {
  const shipped = await makeBundle(root, { folder: join(work, "shipped"), plugins: [partsOutside()] });
  const again = await makeBundle(root, { folder: join(work, "again"), plugins: [partsOutside()] });
  return {
    shipped,
    oneFile: await makeBundle(root, { folder: join(work, "one-file") }),
    minified: await makeBundle(root, {
      folder: join(work, "minified"),
      plugins: [partsOutside()],
      minifyIdentifiers: true,
    }),
    isReproducible: (await digest(shipped)) === (await digest(again)),
  };
}

async function makeBundle(root: string, { folder, plugins = [], minifyIdentifiers = false }: BundleVariant) {
  await mkdir(folder, { recursive: true });
  await build({
    ...bundleOptions,
    entryPoints: [join(root, "apps/kinglet/src/kinglet.ts")],
    absWorkingDir: root,
    outfile: join(folder, "kinglet.cjs"),
    plugins: [...plugins],
    minifyIdentifiers,
    banner: { js: "#!/usr/bin/env node" },
    define: { KINGLET_VERSION: JSON.stringify("0.0.0") },
  });
  await bundleOutsideParts(root, folder);
  return folder;
}

async function digest(folder: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(join(folder, "kinglet.cjs")))
    .digest("hex");
}
