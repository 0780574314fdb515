import type { FaultAction } from "./fault-action.ts";

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
  /** Parameters that the query must have with these values, for example `sendInitialEvents: "true"`. */
  readonly query?: Readonly<Record<string, string>>;
}

/** What faults look at. */
interface MatchedRequest {
  readonly method: string;
  readonly path: string;
  readonly verb: string;
  readonly resource: string;
  readonly query: URLSearchParams;
}

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
  /** So many requests that fit are let pass before the first is met. @defaultValue 0 */
  readonly after?: number;
  /** Share of the requests that are met, 0 to 1; which ones follows from the simulator's `random`. @defaultValue 1 */
  readonly chance?: number;
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
  readonly #faults: { fault: Fault; hits: number; passed: number }[] = [];
  readonly #random: () => number;

  /** @param random - numbers in [0, 1), for faults that are met by chance. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Puts a fault in place from the next request on. */
  add(fault: Fault): InstalledFault {
    const entry = { fault, hits: 0, passed: 0 };
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
  take(request: MatchedRequest): FaultAction | undefined {
    const entry = this.#faults.find((candidate) => this.#meets(candidate, request));
    if (entry === undefined) return undefined;
    entry.hits++;
    if (entry.fault.times !== undefined && entry.hits >= entry.fault.times) this.#remove(entry);
    return entry.fault.action;
  }

  #meets(entry: { readonly fault: Fault; passed: number }, request: MatchedRequest): boolean {
    const { match = {}, after = 0, chance = 1 } = entry.fault;
    if (!fits(match, request)) return false;
    if (entry.passed < after) {
      entry.passed++;
      return false;
    }
    return chance >= 1 || this.#random() < chance;
  }

  #remove(entry: { fault: Fault; hits: number; passed: number }): void {
    const index = this.#faults.indexOf(entry);
    if (index >= 0) this.#faults.splice(index, 1);
  }
}

function fits(match: FaultMatch, request: MatchedRequest): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.verb !== undefined && match.verb !== request.verb) return false;
  if (match.resource !== undefined && match.resource !== request.resource) return false;
  for (const [name, value] of Object.entries(match.query ?? {})) if (request.query.get(name) !== value) return false;
  if (match.path === undefined) return true;
  return typeof match.path === "string" ? match.path === request.path : match.path.test(request.path);
}
