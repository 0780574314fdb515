import { build } from "esbuild";
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * Bundles the program of a measured process as the product is bundled (esbuild, CJS), so that nothing of stripping types is in its memory.
 *
 * @param folder - where the bundle goes: below this package, so that the peer library is found from there. See {@link makeBundleFolder}.
 * @returns the file to run.
 */
export async function bundleCandidate(program: string, folder: string): Promise<string> {
  const outfile = join(folder, `${basename(program, ".ts")}.cjs`);
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node26",
    conditions: ["@kinglet/source"],
    alias: { "@kinglet/kube-client": join(import.meta.dirname, "../../src/index.ts") },
    external: ["@kubernetes/client-node"],
    minifyWhitespace: true,
    logLevel: "warning",
  });
  return outfile;
}

/** A folder of this run alone. */
export function makeBundleFolder(): Disposable & { readonly path: string } {
  const path = join(import.meta.dirname, `../../node_modules/.bench-${process.pid}`);
  mkdirSync(path, { recursive: true });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
