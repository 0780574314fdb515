/**
 * Which requests a fault meets; every member given must fit.
 *
 * @public
 */
export interface FaultMatch {
  /** HTTP method, upper case. */
  readonly method?: string;
  /** Exact path, or a pattern on it (without the query). */
  readonly path?: string | RegExp;
  /** API verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb?: string;
  /** Lower-case plural, for example `pods`. */
  readonly resource?: string;
}

/**
 * What happens to a request that a fault meets.
 *
 * `status`: answered with this code and a `Status` body. `delay`: served after that time, milliseconds. `cut`: the connection is
 * closed after so many bytes of the body; 0 closes it before any answer. `hang`: never answered; the connection stays open.
 *
 * @public
 */
export type FaultAction =
  | {
      readonly kind: "status";
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      /** Seconds, sent as `Retry-After` and in the body. */
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "hang" };

/**
 * A fault to inject.
 *
 * @public
 */
export interface Fault {
  readonly match?: FaultMatch;
  readonly action: FaultAction;
  /** After so many requests the fault is gone. @defaultValue no limit */
  readonly times?: number;
}

/**
 * A fault in place.
 *
 * @public
 */
export interface InstalledFault {
  /** Requests it has met. */
  readonly hits: number;
  /** Takes it out; safe to call twice. */
  remove(): void;
}

/**
 * The faults of one simulator. The first that fits a request, in the order of adding, meets it.
 *
 * @public
 */
export class FaultTable {
  readonly #faults: { fault: Fault; hits: number }[] = [];

  /** Puts a fault in place from the next request on. */
  add(fault: Fault): InstalledFault {
    const entry = { fault, hits: 0 };
    this.#faults.push(entry);
    const remove = (): void => this.#remove(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove,
    };
  }

  /** Takes all faults out. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** The action for a request, counted; undefined when no fault fits. */
  take(request: { method: string; path: string; verb: string; resource: string }): FaultAction | undefined {
    const entry = this.#faults.find(({ fault }) => fits(fault.match ?? {}, request));
    if (entry === undefined) return undefined;
    entry.hits++;
    if (entry.fault.times !== undefined && entry.hits >= entry.fault.times) this.#remove(entry);
    return entry.fault.action;
  }

  #remove(entry: { fault: Fault; hits: number }): void {
    const index = this.#faults.indexOf(entry);
    if (index >= 0) this.#faults.splice(index, 1);
  }
}

function fits(match: FaultMatch, request: { method: string; path: string; verb: string; resource: string }): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.verb !== undefined && match.verb !== request.verb) return false;
  if (match.resource !== undefined && match.resource !== request.resource) return false;
  if (match.path === undefined) return true;
  return typeof match.path === "string" ? match.path === request.path : match.path.test(request.path);
}
