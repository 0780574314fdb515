import type { Metafile } from "esbuild";

/** Everything that is loaded without a dynamic import, starting at one module. */
export interface StartupGraph {
  /** Repository-relative source files, sorted. */
  readonly modules: readonly string[];
  /** Node's modules and packages that stay outside the bundle, sorted. */
  readonly external: readonly string[];
}

/**
 * The static closure of a module in a bundle's metafile: what evaluates as soon as the module does.
 *
 * @param metafile - esbuild's.
 * @param entry - a key of `metafile.inputs`.
 */
export function startupGraph(metafile: Metafile, entry: string): StartupGraph {
  const modules = new Set<string>();
  const external = new Set<string>();
  const todo = [entry];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (modules.has(path)) continue;
    const input = metafile.inputs[path];
    if (input === undefined) throw new Error(`${path} is not part of the bundle`);
    modules.add(path);
    for (const { kind, path: to, external: isExternal } of input.imports) {
      if (kind === "dynamic-import") continue;
      // The bundler's own runtime code goes by a name in angle brackets.
      if (to.startsWith("<")) continue;
      if (isExternal === true) external.add(to);
      else todo.push(to);
    }
  }
  return { modules: [...modules].sort(), external: [...external].sort() };
}

/** Text of the golden file: sources of this repository one by one, third-party packages with their number of modules. */
export function renderStartupGraph({ modules, external }: StartupGraph): string {
  const own: string[] = [];
  const packages = new Map<string, number>();
  for (const path of modules) {
    const inside = path.split("node_modules/").at(-1) ?? path;
    if (!path.includes("node_modules/")) {
      own.push(path);
      continue;
    }
    const name = inside
      .split("/")
      .slice(0, inside.startsWith("@") ? 2 : 1)
      .join("/");
    packages.set(name, (packages.get(name) ?? 0) + 1);
  }
  const lines = [
    ...own,
    ...[...packages]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `npm ${name} (${String(count)} modules)`),
    ...external.map((name) => (name.startsWith("node:") ? name : `node:${name}`)),
  ];
  return `${lines.join("\n")}\n`;
}
