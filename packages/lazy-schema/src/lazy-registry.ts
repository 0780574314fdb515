import { createError } from "@kinglet/errors";

import { deepFreeze, isDeepEqual } from "./plain-data.ts";
import { lazySchemaErrors } from "./errors.ts";
import { lazy, type Lazy } from "./lazy.ts";
import { sortByDependencies } from "./sort-by-dependencies.ts";

/**
 * How a definition is registered.
 *
 * @public
 */
export interface RegistrationOptions {
  /** Who registers, e.g. a package name; named in conflicts. */
  readonly origin: string;
  /** Names that come before this one in {@link LazyRegistry.allInOrder}; a circle of these is an error. @defaultValue none */
  readonly dependsOn?: readonly string[];
  /** Names that come before this one where possible; circles are permitted. @defaultValue none */
  readonly refersTo?: readonly string[];
  /** Asked each time everything is applied, never at registration: false leaves the definition out. @defaultValue always true */
  readonly isEnabled?: () => boolean;
}

/**
 * What is known about a registered definition without building it.
 *
 * @public
 */
export interface RegistryEntry {
  readonly name: string;
  readonly origin: string;
  readonly isBuilt: boolean;
  /** How long the last build took, including what it built on the way, milliseconds; undefined before. */
  readonly buildMs: number | undefined;
  /** How much the heap grew meanwhile, bytes; undefined unless the registry measures it. Negative when a collection ran. */
  readonly heapDeltaBytes: number | undefined;
}

interface Registration<T> {
  readonly name: string;
  readonly definition: (() => T) | T;
  readonly options: RegistrationOptions;
  readonly value: Lazy<T>;
  buildMs: number | undefined;
  heapDeltaBytes: number | undefined;
}

/**
 * Definitions by name that are registered cheaply and built on first use.
 *
 * Guarantees: registering builds nothing; each definition is built at most once (a failure is not remembered); registering the same
 * definition again changes nothing, another one under the same name is an error; what was built is frozen. There is no global
 * registry: whoever needs one makes it and passes it on, so tests are isolated by making their own.
 *
 * Names that begin with `test_` are left out of {@link allInOrder} unless asked for.
 *
 * Cost: one map entry and one closure per definition until used.
 *
 * @public
 */
export class LazyRegistry<T> {
  readonly #registrations = new Map<string, Registration<T>>();
  readonly #categories = new Map<string, { readonly name: string; readonly origin: string }>();
  readonly #measureHeap: (() => number) | undefined;

  /**
   * @param options - `measureHeap`: returns the used heap in bytes; when given, the growth by each build is recorded.
   */
  constructor(options: { readonly measureHeap?: () => number } = {}) {
    this.#measureHeap = options.measureHeap;
  }

  /**
   * Adds a definition; nothing is built.
   *
   * @param name - unique in this registry.
   * @param definition - a thunk, or plain data.
   * @throws `KINGLET_ERR_LAZY_SCHEMA_CONFLICT`, naming both origins, unless it is the same thunk or deeply equal plain data.
   */
  register(name: string, definition: (() => T) | T, options: RegistrationOptions): void {
    const existing = this.#registrations.get(name);
    if (existing !== undefined) {
      if (existing.definition === definition || isDeepEqual(existing.definition, definition)) return;
      throw conflict("definition", name, existing.options.origin, options.origin);
    }
    const registration: Registration<T> = {
      name,
      definition,
      options,
      value: lazy(() => this.#build(registration), name),
      buildMs: undefined,
      heapDeltaBytes: undefined,
    };
    this.#registrations.set(name, registration);
  }

  /**
   * Lets a definition be found by category; neither is built, and the definition may be registered later.
   *
   * @throws `KINGLET_ERR_LAZY_SCHEMA_CONFLICT` when the category stands for another name already.
   */
  registerCategory(category: string, name: string, options: Pick<RegistrationOptions, "origin">): void {
    const existing = this.#categories.get(category);
    if (existing === undefined) this.#categories.set(category, { name, origin: options.origin });
    else if (existing.name !== name) throw conflict("category", category, existing.origin, options.origin);
  }

  /** The name that stands for a category, without building it; undefined when there is none. */
  nameOf(category: string): string | undefined {
    return this.#categories.get(category)?.name;
  }

  /** The built definition; undefined when the name is unknown. Rethrows what the thunk throws, each time. */
  find(name: string): T | undefined {
    return this.#registrations.get(name)?.value();
  }

  /**
   * The built definition.
   *
   * @throws `KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME`, `KINGLET_ERR_LAZY_SCHEMA_CYCLE` when building it needs itself, or what the
   * thunk throws.
   */
  get(name: string): T {
    return this.#require(name).value();
  }

  has(name: string): boolean {
    return this.#registrations.has(name);
  }

  /** True when the definition exists already; builds nothing. */
  isBuilt(name: string): boolean {
    return this.#registrations.get(name)?.value.isBuilt === true;
  }

  /** What is registered, sorted by name; builds nothing. */
  entries(): readonly RegistryEntry[] {
    const entries = [...this.#registrations.values()].map(({ name, options, value, buildMs, heapDeltaBytes }) => ({
      name,
      origin: options.origin,
      isBuilt: value.isBuilt,
      buildMs,
      heapDeltaBytes,
    }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Builds everything, also what is switched off, so that a broken definition is found by a test and not by its first user.
   *
   * @throws `KINGLET_ERR_LAZY_SCHEMA_BUILD_FAILED` after all were tried; `details.problems` lists every failure.
   */
  ensureAll(): void {
    const problems: string[] = [];
    const failures: unknown[] = [];
    for (const { name, value } of this.#registrations.values()) {
      try {
        value();
      } catch (error) {
        failures.push(error);
        problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (failures.length === 0) return;
    const details = { count: failures.length, summary: problems.join("; "), problems };
    const cause = failures.length === 1 ? failures[0] : new AggregateError(failures);
    throw createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_BUILD_FAILED", details, { cause });
  }

  /**
   * Builds everything that is enabled now and returns it so that dependencies come first, ties by name.
   *
   * @param options - `only`: these and what they depend on, default everything; `includeTests`: also names that begin with `test_`.
   * @throws `KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME` for a dependency nobody registered, `KINGLET_ERR_LAZY_SCHEMA_CYCLE`, or what a
   * thunk throws.
   */
  allInOrder(
    options: { readonly only?: readonly string[]; readonly includeTests?: boolean } = {},
  ): readonly { readonly name: string; readonly value: T }[] {
    const { only, includeTests = only !== undefined } = options;
    const wanted = new Set<string>();
    const want = (name: string, neededBy: string): void => {
      if (wanted.has(name)) return;
      wanted.add(name);
      for (const dependency of this.#require(name, neededBy).options.dependsOn ?? []) want(dependency, name);
    };
    for (const name of only ?? this.#registrations.keys()) {
      if (includeTests || !name.startsWith("test_")) want(name, "");
    }
    const ordered = sortByDependencies([...wanted], (name) => this.#require(name).options);
    return ordered
      .map((name) => this.#require(name))
      .filter(({ options: { isEnabled } }) => isEnabled === undefined || isEnabled())
      .map(({ name, value }) => ({ name, value: value() }));
  }

  /** A registry with the same registrations and nothing built; changing one does not change the other. */
  fork(): LazyRegistry<T> {
    const copy = new LazyRegistry<T>(this.#measureHeap === undefined ? {} : { measureHeap: this.#measureHeap });
    for (const { name, definition, options } of this.#registrations.values()) copy.register(name, definition, options);
    for (const [category, { name, origin }] of this.#categories) copy.registerCategory(category, name, { origin });
    return copy;
  }

  #require(name: string, neededBy = ""): Registration<T> {
    const registration = this.#registrations.get(name);
    if (registration !== undefined) return registration;
    throw createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME", {
      name,
      neededBy: neededBy === "" ? "" : `, which ${neededBy} depends on`,
    });
  }

  #build(registration: Registration<T>): T {
    const { definition } = registration;
    const heapBefore = this.#measureHeap?.();
    const startedMs = performance.now();
    const built = typeof definition === "function" ? (definition as () => T)() : definition;
    registration.buildMs = performance.now() - startedMs;
    if (heapBefore !== undefined) registration.heapDeltaBytes = (this.#measureHeap?.() ?? 0) - heapBefore;
    return deepFreeze(built);
  }
}

function conflict(kind: string, name: string, origin: string, otherOrigin: string): Error {
  return createError(lazySchemaErrors, "KINGLET_ERR_LAZY_SCHEMA_CONFLICT", { kind, name, origin, otherOrigin });
}
