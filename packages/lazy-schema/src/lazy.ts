import { createError } from "@kinglet/errors";

import { lazySchemaErrors } from "./errors.ts";

/**
 * A value that is built on first use.
 *
 * @public
 */
export interface Lazy<T> {
  /** The value; the first call builds it, later calls return the same one. Rethrows what the thunk throws. */
  (): T;
  /** True once the value exists. */
  readonly isBuilt: boolean;
}

/** Names of the values whose thunks are on the stack now, outermost first; empty between builds. */
const building: string[] = [];

/**
 * Makes a value lazy: the thunk runs at the first call and never again.
 *
 * A thunk that throws is not remembered: the error reaches the caller and the next call tries again. A thunk that returns a
 * promise gives every caller the same promise; when it rejects it is forgotten, so the next call tries again. As nothing is
 * awaited between check and set, two callers never build twice.
 *
 * Cost: one closure until used; afterwards the thunk is released.
 *
 * @param thunk - builds the value.
 * @param name - for the message when values need each other in a circle; default the thunk's name.
 * @throws `KINGLET_ERR_LAZY_SCHEMA_CYCLE`, naming the circle, when building needs the value itself. Asynchronous thunks are
 * covered up to their first `await`.
 *
 * @public
 */
export function lazy<T>(thunk: () => T, name: string = thunk.name || "lazy value"): Lazy<T> {
  let build: (() => T) | undefined = thunk;
  let value: T | undefined;
  let depth = -1;
  // A data property: an accessor would give every lazy value a hidden class of its own, 0.3 KB each.
  const get = Object.assign(read, { isBuilt: false });
  return get;

  function read(): T {
    if (build === undefined) return value as T;
    if (depth >= 0) throw cycleError(depth, name);
    const attempt = build;
    depth = building.push(name) - 1;
    let built: T;
    try {
      built = attempt();
    } finally {
      building.length = depth;
      depth = -1;
    }
    value = built;
    build = undefined;
    get.isBuilt = true;
    if (built instanceof Promise) {
      built.catch(() => {
        value = undefined;
        build = attempt;
        get.isBuilt = false;
      });
    }
    return built;
  }
}

function cycleError(depth: number, name: string): Error {
  const cycle = [...building.slice(depth), name].join(" -> ");
  return createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_CYCLE", { what: name, cycle });
}
