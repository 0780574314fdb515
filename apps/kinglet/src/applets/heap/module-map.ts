import { readFileSync, statSync } from "node:fs";
import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";

/**
 * Which source module each part of one bundle comes from.
 *
 * `starts` holds three numbers per part, sorted by position: line and column where it begins (from 0, columns in UTF-16 units), and the
 * index of its module in `modules`. A part ends where the next one begins.
 */
export interface BundleModules {
  /** File name of the bundle. */
  readonly bundle: string;
  readonly modules: readonly string[];
  readonly starts: readonly number[];
}

/** The modules of every bundle of the program; the build writes it as JSON. */
export interface ModuleMapFile {
  readonly format: 2;
  readonly bundles: readonly BundleModules[];
}

const maxFileBytes = 16_777_216;

/** The modules of one bundle. */
export class BundleMap {
  readonly #file: BundleModules;
  readonly #names: ReadonlySet<string>;

  constructor(file: BundleModules) {
    this.#file = file;
    this.#names = new Set(file.modules);
  }

  /** Whether a script of this name is the bundle: as a script, or embedded in the executable of the same name. */
  isNamed(scriptName: string): boolean {
    const name = scriptName.slice(scriptName.lastIndexOf("/") + 1);
    return name === this.#file.bundle || name === this.#file.bundle.replace(/\.c?js$/, "");
  }

  /** Whether a module is called so. The bundle's initialiser of a module is a function with the module's name. */
  has(module: string): boolean {
    return this.#names.has(module);
  }

  /** The module that contains the position; undefined before the first one. Cost: a binary search. */
  moduleAt(line: number, column: number): string | undefined {
    const { starts, modules } = this.#file;
    let low = 0;
    let high = starts.length / 3;
    while (low < high) {
      const middle = (low + high) >> 1;
      const startLine = starts[middle * 3] as number;
      const isAfter = startLine > line || (startLine === line && (starts[middle * 3 + 1] as number) > column);
      if (isAfter) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? undefined : modules[starts[low * 3 - 1] as number];
  }
}

/** Finds the bundle that a script is. */
export class ModuleMap {
  readonly #bundles: readonly BundleMap[];

  constructor(file: ModuleMapFile) {
    this.#bundles = file.bundles.map((bundle) => new BundleMap(bundle));
  }

  /** The bundle that a script of this name is. */
  bundleNamed(scriptName: string): BundleMap | undefined {
    return this.#bundles.find((bundle) => bundle.isNamed(scriptName));
  }

  /** The first bundle with a module of this name: how a bundle whose file was renamed is recognised. */
  bundleWith(module: string): BundleMap | undefined {
    return this.#bundles.find((bundle) => bundle.has(module));
  }
}

/**
 * Reads a module map.
 *
 * @throws `KINGLET_ERR_KINGLET_HEAP_MODULES` when it cannot be read or is not one.
 */
export function readModuleMap(path: string): ModuleMap {
  const refuse = (reason: string, cause?: unknown): never => {
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_MODULES", { path, reason }, { cause });
  };
  let value: unknown;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return refuse("it is not a regular file");
    if (stats.size > maxFileBytes) return refuse("it is larger than 16 MiB");
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : error instanceof Error ? error.message : "";
    return refuse(reason, error);
  }
  return isModuleMapFile(value) ? new ModuleMap(value) : refuse("it does not have the members of a module map");
}

function isModuleMapFile(value: unknown): value is ModuleMapFile {
  if (typeof value !== "object" || value === null) return false;
  const { format, bundles } = value as Record<keyof ModuleMapFile, unknown>;
  return format === 2 && Array.isArray(bundles) && bundles.every(isBundleModules);
}

function isBundleModules(value: unknown): value is BundleModules {
  if (typeof value !== "object" || value === null) return false;
  const { bundle, modules, starts } = value as Record<keyof BundleModules, unknown>;
  if (typeof bundle !== "string" || bundle === "") return false;
  if (!Array.isArray(modules) || !modules.every((name) => typeof name === "string")) return false;
  if (!Array.isArray(starts) || starts.length % 3 !== 0) return false;
  return starts.every(
    (number, at) => Number.isSafeInteger(number) && number >= 0 && (at % 3 !== 2 || number < modules.length),
  );
}
