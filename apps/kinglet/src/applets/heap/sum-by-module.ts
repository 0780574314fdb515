import type { BundleMap, ModuleMap } from "./module-map.ts";
import type { Amount, SnapshotCollector } from "./snapshot-collector.ts";

/** The row of nodes that have no place in a source: strings, code, arrays, and objects of built-in constructors. */
const nowhere = "(no source location)";

/** The row of what stands in the bundle before its first module: the bundler makes every module's initialiser there. */
const initialisers = "(module initialisers)";

/**
 * Adds up by module what has a place in the source: functions where they are defined, objects where their constructor is.
 *
 * A script counts as a bundle when it is named like it, or when one of its functions bears the name of one of its modules: the initialisers that
 * esbuild makes do, whatever the file was renamed to.
 *
 * @returns rows whose sum is the total of the snapshot.
 */
export function sumByModule(
  snapshot: SnapshotCollector,
  scriptNames: ReadonlyMap<number, string>,
  map: ModuleMap | undefined,
): Map<string, Amount> {
  const rows = new Map<string, Amount>();
  const bundles = map === undefined ? new Map<number, BundleMap>() : findBundles(snapshot, scriptNames, map);
  let located = 0;
  let locatedSize = 0;
  for (const { scriptId, line, column, closure, count, size } of snapshot.places()) {
    const script = scriptNames.get(scriptId) ?? `script ${scriptId}`;
    const own = closure < 0 ? "" : snapshot.nameOf(closure);
    const bundle = bundles.get(scriptId);
    const module =
      bundle === undefined ? undefined : bundle.has(own) ? own : (bundle.moduleAt(line, column) ?? initialisers);
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

function findBundles(
  snapshot: SnapshotCollector,
  names: ReadonlyMap<number, string>,
  map: ModuleMap,
): Map<number, BundleMap> {
  const bundles = new Map<number, BundleMap>();
  for (const [scriptId, name] of names) {
    const bundle = map.bundleNamed(name);
    if (bundle !== undefined) bundles.set(scriptId, bundle);
  }
  for (const { scriptId, closure } of snapshot.places()) {
    if (closure < 0 || bundles.has(scriptId)) continue;
    const bundle = map.bundleWith(snapshot.nameOf(closure));
    if (bundle !== undefined) bundles.set(scriptId, bundle);
  }
  return bundles;
}
