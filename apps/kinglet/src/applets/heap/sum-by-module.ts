import type { ModuleMap } from "./module-map.ts";
import type { Amount, SnapshotCollector } from "./snapshot-collector.ts";

/** The row of nodes that have no place in a source: strings, code, arrays, and objects of built-in constructors. */
const nowhere = "(no source location)";

/** The row of what stands in the bundle before its first module: the bundler makes every module's initialiser there. */
const initialisers = "(module initialisers)";

/**
 * Adds up by module what has a place in the source: functions where they are defined, objects where their constructor is.
 *
 * A script counts as the bundle when it is named like it, or when one of its functions bears the name of one of the map's modules: the
 * initialisers that esbuild makes do, whatever the file was renamed to.
 *
 * @returns rows whose sum is the total of the snapshot.
 */
export function sumByModule(
  snapshot: SnapshotCollector,
  scriptNames: ReadonlyMap<number, string>,
  map: ModuleMap | undefined,
): Map<string, Amount> {
  const rows = new Map<string, Amount>();
  const bundles = map === undefined ? new Set<number>() : findBundles(snapshot, scriptNames, map);
  let located = 0;
  let locatedSize = 0;
  for (const { scriptId, line, column, closure, count, size } of snapshot.places()) {
    const script = scriptNames.get(scriptId) ?? `script ${scriptId}`;
    const own = closure < 0 ? "" : snapshot.nameOf(closure);
    let module: string | undefined;
    if (map !== undefined && bundles.has(scriptId)) {
      module = map.has(own) ? own : (map.moduleAt(line, column) ?? initialisers);
    }
    const name = module?.replace(/^.*node_modules\//, "") ?? script;
    const row = rows.get(name);
    if (row === undefined) rows.set(name, { count, size });
    else {
      row.count += count;
      row.size += size;
    }
    located += count;
    locatedSize += size;
  }
  const { total } = snapshot;
  if (located > total.count) located = total.count;
  rows.set(nowhere, { count: total.count - located, size: total.size - locatedSize });
  return rows;
}

function findBundles(snapshot: SnapshotCollector, names: ReadonlyMap<number, string>, map: ModuleMap): Set<number> {
  const bundles = new Set<number>();
  for (const { scriptId, closure } of snapshot.places()) {
    if (map.isBundle(names.get(scriptId) ?? "") || (closure >= 0 && map.has(snapshot.nameOf(closure)))) {
      bundles.add(scriptId);
    }
  }
  return bundles;
}
