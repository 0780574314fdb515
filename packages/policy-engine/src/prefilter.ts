/** Called for every rule and event; budget: 0 allocations. */
import { isBelow, PrefixSet } from "./prefix-set.ts";

/** What a prefilter looks at. `""` and 0 stand for "the event has none". @public */
export interface PrefilterFacts {
  /** The path opened, in which `..` is resolved; of an execution the path of the binary, as in `exepath`. */
  readonly path: string;
  /** Port of the other side; 0 for events that are not about the network. */
  readonly port: number;
  readonly direction: "" | "inbound" | "outbound";
  /** Method of an HTTP request. */
  readonly method: string;
  readonly comm: string;
  readonly exepath: string;
  readonly pcomm: string;
  readonly parentPath: string;
}

/** Parameters of rules (`state`) and bindings that decide before an expression runs. @public */
export const prefilterKeys = [
  "ignorePrefixes",
  "includePrefixes",
  "ports",
  "direction",
  "methods",
  "excludeProcesses",
  "excludeParentProcesses",
] as const;

type Parameters = Readonly<Record<string, unknown>>;

interface ProcessPair {
  readonly name: string;
  readonly path: string;
}

/**
 * What is wrong with the prefilter parameters among these: path of the key and what is permitted. Other keys are free.
 *
 * @public
 */
export function prefilterProblems(
  parameters: Parameters,
): readonly { readonly key: string; readonly message: string }[] {
  const problems: { readonly key: string; readonly message: string }[] = [];
  const check = (key: string, isRight: (value: unknown) => boolean, message: string): void => {
    if (parameters[key] !== undefined && parameters[key] !== null && !isRight(parameters[key])) {
      problems.push({ key, message });
    }
  };
  const isList = (value: unknown, isRight: (element: unknown) => boolean): boolean =>
    Array.isArray(value) && value.length <= 1000 && value.every(isRight);
  const isTexts = (value: unknown): boolean => isList(value, (element) => typeof element === "string");
  const isPairs = (value: unknown): boolean =>
    isList(
      value,
      (element) => typeof member(element, "name") === "string" && typeof member(element, "path") === "string",
    );
  for (const key of ["ignorePrefixes", "includePrefixes", "methods"]) check(key, isTexts, "must be a list of texts");
  check("ports", (value) => isList(value, isPort), "must be a list of ports 0 ... 65535");
  check("direction", (value) => directionOf(value) !== "", 'must be "inbound" or "outbound"');
  for (const key of ["excludeProcesses", "excludeParentProcesses"])
    check(key, isPairs, "must be a list of {name, path}");
  return problems;
}

/**
 * Decides from a few facts whether a rule has to look at an event at all.
 *
 * @public
 */
export class Prefilter {
  /** Included and not ignored, if any are included; else ignored: so that a path is looked up once. */
  readonly #prefixes: PrefixSet | undefined;
  readonly #isIncluding: boolean;
  readonly #ports: ReadonlySet<number> | undefined;
  readonly #direction: "" | "inbound" | "outbound";
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #processes: readonly ProcessPair[] | undefined;
  readonly #parents: readonly ProcessPair[] | undefined;

  /** @internal Use {@link compilePrefilter}. */
  constructor(parameters: Parameters) {
    const ignored = prefixesOf(parameters["ignorePrefixes"]);
    const included = prefixesOf(parameters["includePrefixes"]);
    this.#isIncluding = included.length > 0;
    if (this.#isIncluding) this.#prefixes = new PrefixSet(included, ignored);
    else if (ignored.length > 0) this.#prefixes = new PrefixSet(ignored);
    const ports = listOf(parameters["ports"]).filter(isPort) as number[];
    this.#ports = ports.length === 0 ? undefined : new Set(ports);
    this.#direction = directionOf(parameters["direction"]);
    const methods = listOf(parameters["methods"])
      .filter(isText)
      .map((method) => method.toUpperCase());
    this.#methods = methods.length === 0 ? undefined : new Set(methods);
    this.#processes = pairsOf(parameters["excludeProcesses"]);
    this.#parents = pairsOf(parameters["excludeParentProcesses"]);
  }

  /**
   * True when the rule has nothing to do with the event. What the event does not have is never filtered; a prefix ends at a segment of the
   * path; what is ignored stays ignored although it is included; a process is excluded only when its name and its path both fit, because
   * a process chooses its name. A program's path with `..` leads elsewhere than it begins: it is never a reason to skip.
   *
   * @param isNetwork - ports count for these events only.
   */
  skips(facts: PrefilterFacts, isNetwork: boolean): boolean {
    // What costs least first, and nothing is read that no parameter asks for.
    if (this.#direction !== "") {
      const { direction } = facts;
      if (direction !== "" && direction !== this.#direction) return true;
    }
    if (this.#ports !== undefined && isNetwork) {
      const { port } = facts;
      if (port > 0 && !this.#ports.has(port)) return true;
    }
    if (this.#methods !== undefined) {
      const { method } = facts;
      if (method !== "" && !this.#methods.has(method)) return true;
    }
    if (this.#prefixes !== undefined) {
      const { path } = facts;
      // The length, because comparing a text with the empty one calls a comparison of texts.
      if (path.length > 0 && this.#prefixes.covers(path) !== this.#isIncluding) {
        if (path !== facts.exepath || !goesUp(path)) return true;
      }
    }
    // The name of a process is cut out of its path: not before a list asks for it.
    if (this.#processes !== undefined && isAmong(this.#processes, facts.comm, facts.exepath)) return true;
    return this.#parents !== undefined && isAmong(this.#parents, facts.pcomm, facts.parentPath);
  }
}

/**
 * Makes the prefilter of a rule.
 *
 * @param state - the rule's own parameters.
 * @param parameters - those of the binding; each key given there replaces the rule's.
 * @returns undefined when neither has a parameter for it.
 * @public
 */
export function compilePrefilter(state: Parameters = {}, parameters: Parameters = {}): Prefilter | undefined {
  const merged: Record<string, unknown> = {};
  for (const key of prefilterKeys) {
    const value = Object.hasOwn(parameters, key) ? parameters[key] : Object.hasOwn(state, key) ? state[key] : undefined;
    if (value !== undefined && value !== null) merged[key] = value;
  }
  return Object.keys(merged).length === 0 ? undefined : new Prefilter(merged);
}

function isAmong(pairs: readonly ProcessPair[], name: string, path: string): boolean {
  for (let index = 0; index < pairs.length; index++) {
    const pair = pairs[index]!; // Below the length.
    if (pair.name === name && isBelow(path, pair.path) && !goesUp(path)) return true;
  }
  return false;
}

/** Two dots first: hardly a path has them, and looking for four characters takes four times as long (Node 26). */
function goesUp(path: string): boolean {
  return path.includes("..") && (path.includes("/../") || path.endsWith("/.."));
}

function prefixesOf(value: unknown): readonly string[] {
  return listOf(value)
    .filter(isText)
    .filter((prefix) => prefix !== "")
    .map(normalized);
}

/** An empty name or the root as path would exclude what nobody meant. */
function pairsOf(value: unknown): readonly ProcessPair[] | undefined {
  const pairs = listOf(value).flatMap((entry) => {
    const name = member(entry, "name");
    const path = member(entry, "path");
    if (typeof name !== "string" || typeof path !== "string" || name === "") return [];
    const clean = normalized(path);
    return clean === "" ? [] : [{ name, path: clean }];
  });
  return pairs.length === 0 ? undefined : pairs;
}

/** Without double slashes, `.` and a slash at the end; `..` goes up. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.map((part) => `/${part}`).join("");
}

function directionOf(value: unknown): "" | "inbound" | "outbound" {
  const text = typeof value === "string" ? value.toLowerCase() : "";
  return text === "inbound" || text === "outbound" ? text : "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Parameters)[key]
    : undefined;
}
