import { createError } from "@kinglet/errors";

import { lazySchemaErrors } from "./errors.ts";

/** What comes before a name: `dependsOn` always, `refersTo` where no circle prevents it. */
export interface Predecessors {
  readonly dependsOn?: readonly string[];
  readonly refersTo?: readonly string[];
}

/**
 * Names in an order in which predecessors come first, ties by name. Predecessors outside of `names` do not count.
 *
 * Quadratic: made for hundreds of names, at start-up.
 *
 * @throws `KINGLET_ERR_LAZY_SCHEMA_CYCLE` for a circle of `dependsOn`.
 */
export function sortByDependencies(names: readonly string[], predecessorsOf: (name: string) => Predecessors): string[] {
  const waiting = new Set(names.toSorted());
  const ordered: string[] = [];
  const isReady = (name: string, before: readonly string[] = []): boolean =>
    before.every((other) => other === name || !waiting.has(other));
  while (waiting.size > 0) {
    let next: string | undefined;
    for (const name of waiting) {
      const { dependsOn, refersTo } = predecessorsOf(name);
      if (dependsOn?.includes(name) === true || !isReady(name, dependsOn)) continue;
      next ??= name;
      // Only among names whose hard dependencies are done: a reference that lies on a circle is given up here.
      if (isReady(name, refersTo)) {
        next = name;
        break;
      }
    }
    if (next === undefined) throw cycleError(waiting, predecessorsOf);
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/** Every waiting name has a waiting dependency, so following them leads into a circle. */
function cycleError(waiting: ReadonlySet<string>, predecessorsOf: (name: string) => Predecessors): Error {
  const path: string[] = [];
  let [name = ""] = waiting;
  while (!path.includes(name)) {
    path.push(name);
    name = predecessorsOf(name).dependsOn?.find((other) => waiting.has(other)) ?? name;
  }
  const cycle = [...path.slice(path.indexOf(name)), name].join(" -> ");
  return createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_CYCLE", { what: name, cycle });
}
