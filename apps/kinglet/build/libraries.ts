import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * Third-party libraries that most runs of the program never need, each in a file of its own beside the bundle.
 *
 * A library inside the bundle costs its source text in memory even when nothing of it runs: 164 KB for YAML, 117 KB for CEL. Outside, it costs
 * nothing until its package's `lazy.ts` loads it.
 */
const libraries: Readonly<Record<string, { readonly file: string; readonly exports: readonly string[] }>> = {
  yaml: { file: "kinglet.yaml.cjs", exports: ["parse", "parseDocument", "parseAllDocuments"] },
  "@marcbachmann/cel-js": { file: "kinglet.cel-js.cjs", exports: ["Environment"] },
};

/** Names of the library files. */
export const libraryFiles: readonly string[] = Object.values(libraries).map((library) => library.file);

/** Leads imports of a library to its file. */
export const librariesOutside: Plugin = {
  name: "libraries-outside",
  setup(context) {
    for (const [name, { file }] of Object.entries(libraries)) {
      const filter = new RegExp(`^${name.replace(/[/.]/g, "\\$&")}$`);
      context.onResolve({ filter }, ({ kind }) =>
        kind === "entry-point" ? undefined : { path: `./${file}`, external: true },
      );
    }
  },
};

/**
 * Bundles each library with just the exports that the program uses.
 *
 * @param resolveFrom - a folder by package name, whose node_modules has the library.
 * @returns esbuild's metafile of each, for the notices.
 */
export async function bundleLibraries(
  root: string,
  outputFolder: string,
  resolveFrom: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const inputs: string[] = [];
  for (const [name, { file, exports }] of Object.entries(libraries)) {
    const result = await build({
      stdin: {
        contents: `export { ${exports.join(", ")} } from ${JSON.stringify(name)};`,
        resolveDir: join(root, resolveFrom[name] ?? "."),
        loader: "js",
      },
      absWorkingDir: root,
      outfile: join(outputFolder, file),
      bundle: true,
      platform: "node",
      target: "node24",
      format: "cjs",
      charset: "ascii",
      legalComments: "none",
      minifyWhitespace: true,
      minifySyntax: true,
      metafile: true,
      logLevel: "warning",
    });
    inputs.push(...Object.keys(result.metafile.inputs));
  }
  return inputs;
}
