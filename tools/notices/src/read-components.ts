import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** A third-party package that is part of what we ship. */
export interface Component {
  readonly name: string;
  readonly version: string;
  /** SPDX expression as the package states it. */
  readonly license: string;
  /** Text of its licence file; empty when it ships none. */
  readonly licenseText: string;
}

/** esbuild's metafile of the bundle, with the sources of the files beside it. */
export type BundleMetafile = Metafile & { readonly outsideInputs: readonly string[] };

/** The packages whose code is in a bundle, sorted by name; read from the bundle's metafile, so nothing else is listed. */
export async function readComponents(root: string, metafile: BundleMetafile): Promise<readonly Component[]> {
  const folders = new Set<string>();
  for (const path of [...Object.keys(metafile.inputs), ...metafile.outsideInputs]) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (match?.[1] !== undefined) folders.add(match[1]);
  }
  const components = await Promise.all([...folders].map((folder) => readComponent(join(root, folder))));
  return components.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads one installed package. */
export async function readComponent(folder: string): Promise<Component> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return {
    name: manifest.name,
    version: manifest.version,
    license: manifest.license ?? "NOASSERTION",
    licenseText: texts.join("\n").trim(),
  };
}
