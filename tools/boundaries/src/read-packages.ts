import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What the rules need to know of one package; read from its package.json, which is the only place where it is written. */
export interface PackageFacts {
  /** Folder name below `packages/`. */
  readonly name: string;
  /** 0 … 3, or `outside` for packages that never are part of the product. */
  readonly layer: number | "outside";
  /** Packages of the same layer that it may import. */
  readonly sameLayer: readonly string[];
  /** Source files that its exports map names, relative to its folder; `src/index.ts` where there is no map. */
  readonly entries: readonly string[];
}

/** Reads every package below `ROOT/packages`, sorted by name. */
export async function readPackages(root: string): Promise<readonly PackageFacts[]> {
  const names = (await readdir(join(root, "packages"))).sort();
  return Promise.all(names.map((name) => readPackage(root, name)));
}

async function readPackage(root: string, name: string): Promise<PackageFacts> {
  const file = join(root, "packages", name, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as {
    readonly layer?: unknown;
    readonly sameLayer?: readonly string[];
    readonly exports?: Readonly<Record<string, string | { readonly "@kinglet/source"?: string }>>;
  };
  const { layer } = manifest;
  const isLayer = typeof layer === "number" && [0, 1, 2, 3].includes(layer);
  if (!isLayer && layer !== "outside") {
    throw new Error(`${file}: "layer" must be 0, 1, 2, 3 or "outside"; it is ${JSON.stringify(layer)}`);
  }
  const sources = Object.values(manifest.exports ?? { ".": { "@kinglet/source": "./src/index.ts" } }).map((target) =>
    typeof target === "string" ? target : (target["@kinglet/source"] ?? ""),
  );
  const entries = sources.filter((source) => source.endsWith(".ts")).map((source) => source.replace(/^\.\//, ""));
  return { name, layer, sameLayer: manifest.sameLayer ?? [], entries };
}
