import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { BundleModules } from "../src/applets/heap/module-map.ts";

/** The members of a source map (ECMA-426) that are used. */
interface SourceMap {
  readonly sources: readonly (string | null)[];
  readonly mappings: string;
}

/** Modules are named relative to the repository, as esbuild names their initialisers in the bundle. */
const root = join(import.meta.dirname, "../../..");

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Reads where each source module lies in a bundle; of all bundles together the build makes `kinglet.modules.json`, with which `kinglet heap` says which
 * source module grew.
 *
 * Of the source map only the places stay where another source begins: the map of a bundle of 1 MB takes some 10 KB.
 *
 * @param sourcemapPath - the bundle's external source map: its path with `.map` appended.
 * @throws when the file is not a source map.
 */
export async function readModules(sourcemapPath: string): Promise<BundleModules> {
  const map = JSON.parse(await readFile(sourcemapPath, "utf8")) as SourceMap;
  const folder = dirname(resolve(sourcemapPath));
  const sources = map.sources.map((source) => (source === null ? null : relative(root, resolve(folder, source))));
  return toModuleMap({ ...map, sources }, basename(sourcemapPath).replace(/\.map$/, ""));
}

/**
 * Reduces a source map to the places where another source begins.
 *
 * @param bundle - file name of the bundle.
 * @throws RangeError for mappings that are not base64 VLQ or name a source that is not there.
 */
export function toModuleMap(map: SourceMap, bundle: string): BundleModules {
  const modules = map.sources.map((source) => source ?? "(unknown)");
  const starts: number[] = [];
  let source = 0;
  let current = -1;
  for (const [line, segments] of map.mappings.split(";").entries()) {
    let column = 0;
    if (segments === "") continue;
    for (const segment of segments.split(",")) {
      const [columnDelta = 0, sourceDelta] = decodeVlq(segment);
      column += columnDelta;
      // A segment of one field says that what follows comes from no source.
      if (sourceDelta === undefined) continue;
      source += sourceDelta;
      if (source < 0 || source >= modules.length)
        throw new RangeError(`mapping of line ${line} names source ${source}`);
      if (source !== current) starts.push(line, column, source);
      current = source;
    }
  }
  return { bundle, modules, starts };
}

/** Base64 VLQ: six bits a digit, lowest first, bit 5 says that more follow, bit 0 of the whole is the sign. */
function decodeVlq(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const letter of text) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0 || shift > 30) throw new RangeError(`not base64 VLQ: ${text.slice(0, 40)}`);
    value += (digit & 31) * 2 ** shift;
    if ((digit & 32) !== 0) {
      shift += 5;
      continue;
    }
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    value = 0;
    shift = 0;
  }
  if (shift !== 0) throw new RangeError(`not base64 VLQ: ${text.slice(0, 40)}`);
  return numbers;
}
