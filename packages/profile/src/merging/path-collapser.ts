import { ONE } from "../matching/wildcards.ts";
import type { CollapseThresholds } from "./collapse-thresholds.ts";

const ANY = "*";
/** Deeper paths are left as they are; the matchers do not take longer patterns. */
const MAX_SEGMENTS = 256;

/**
 * A directory. What is directly in it as the end of a path is a file here, whatever it is in the file system; a path that ends here
 * and one that goes on are two things.
 */
interface Directory<T> {
  files: Map<string, T[]>;
  /** What is said about any file; present = there is such a pattern. */
  anyFile: T[] | undefined;
  directories: Map<string, Directory<T>>;
  /** Below any one directory. */
  one: Directory<T> | undefined;
  /** Last segments behind any number of segments; with it there is nothing else. */
  names: Map<string, T[]>;
  /** What is said about everything below; with it there is nothing else. */
  any: T[] | undefined;
}

/**
 * Turns absolute paths into fewer patterns that match them all.
 *
 * The rules, each of which only adds what follows from what is there:
 *
 * 1. More files in a directory than its threshold, or a file `\u22ef`, make the file `\u22ef` of all of them. The same for the
 *    directories in it, below which is then everything that was below any of them.
 * 2. Two wildcards in a row become `*`, zero or more segments; of what follows them the last segment is kept: what was any two
 *    segments, `b` and `c` below `/a` is then any number of segments and `c`. Below a directory with such a pattern every path
 *    becomes one.
 * 3. When those last segments are more than the threshold, or one of them is a wildcard, everything below the directory is one
 *    pattern that ends in `*`. A threshold of 1 does that at the first child.
 *
 * Every rule has the form "these are there, so this is there too", and what a rule adds matches more than what it was made from.
 * Hence the smallest set of patterns that satisfies all rules exists, contains what was given, grows with it, and does not change
 * when it is collapsed again. Dropping what a pattern covers loses nothing that a later rule needs, for two reasons: thresholds
 * never grow from a directory to a more general one, and files do not disappear because of directories (were they counted
 * together, whether a file's name survives would depend on when rule 2 was applied). That makes the union followed by collapsing
 * commutative and associative.
 *
 * @typeParam T - what is said about a path, kept as lists.
 *
 * @internal
 */
export class PathCollapser<T> {
  readonly #thresholds: CollapseThresholds;
  readonly #root: Directory<T> = createDirectory();
  /** What is said about `/`. */
  readonly #slash: T[] = [];
  /** Paths that are no absolute path of a sensible depth. */
  readonly #others = new Map<string, T[]>();

  constructor(thresholds: CollapseThresholds) {
    this.#thresholds = thresholds;
  }

  /** Adds one path with what is said about it. */
  add(path: string, value: T): void {
    const segments = segmentsOf(path);
    if (segments === undefined) return append(this.#others, path, [value]);
    if (segments.length === 0) {
      this.#slash.push(value);
      return;
    }
    const last = segments.length - 1;
    let directory = this.#root;
    for (let at = 0; at < last; at += 1) {
      const segment = segments[at]!;
      if (segment === ANY) {
        if (segments[last] === ANY || segments[last] === ONE) (directory.any ??= []).push(value);
        else append(directory.names, segments[last]!, [value]);
        return;
      }
      directory = directoryOf(directory, segment);
    }
    if (segments[last] === ANY) (directory.any ??= []).push(value);
    else if (segments[last] === ONE) (directory.anyFile ??= []).push(value);
    else append(directory.files, segments[last]!, [value]);
  }

  /** The patterns with what is said about all paths that each was made of; once, it uses up the content. */
  collapse(): ReadonlyMap<string, readonly T[]> {
    this.#collapse(this.#root, []);
    const result = new Map<string, readonly T[]>(this.#others);
    if (this.#slash.length > 0) result.set("/", this.#slash);
    emit(this.#root, "", result);
    return result;
  }

  #collapse(directory: Directory<T>, path: string[]): void {
    if (this.#isEverything(directory, path)) return absorb(directory);
    if (directory.anyFile !== undefined || this.#isOver(directory.files.size, path)) mergeFiles(directory);
    if (directory.names.size > 0) return this.#gather(directory, path);
    if (directory.one === undefined && !this.#isOver(directory.directories.size, path)) {
      for (const [segment, child] of directory.directories) this.#collapseBelow(child, path, segment);
      return;
    }
    const one = mergeDirectories(directory);
    this.#collapseBelow(one, path, ONE);
    if (hasWildcard(one)) this.#gather(directory, path);
  }

  #collapseBelow(child: Directory<T>, path: string[], segment: string): void {
    path.push(segment);
    this.#collapse(child, path);
    path.pop();
  }

  #isEverything(directory: Directory<T>, path: readonly string[]): boolean {
    if (directory.any !== undefined) return true;
    return this.#thresholds.smallest === 1 && !isEmpty(directory) && this.#thresholds.of(path) === 1;
  }

  #isOver(children: number, path: readonly string[]): boolean {
    return children > this.#thresholds.smallest && children > this.#thresholds.of(path);
  }

  /** Makes every path below the directory one of a last segment behind any number of segments. */
  #gather(directory: Directory<T>, path: readonly string[]): void {
    if (!gatherNames(directory, directory.names)) return absorb(directory);
    directory.files = new Map();
    directory.directories = new Map();
    directory.one = undefined;
    const threshold = this.#thresholds.below(path);
    if (directory.names.size > threshold || threshold === 1) absorb(directory);
  }
}

function createDirectory<T>(): Directory<T> {
  return {
    files: new Map(),
    anyFile: undefined,
    directories: new Map(),
    one: undefined,
    names: new Map(),
    any: undefined,
  };
}

/** `undefined` when the path is not absolute or too deep. Slashes at the end do not count. */
function segmentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith("/")) return undefined;
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  if (end === 1) return [];
  // The anchor before the first slash is a segment too, for the matchers.
  const segments = path.slice(1, end).split("/", MAX_SEGMENTS);
  return segments.length < MAX_SEGMENTS ? segments : undefined;
}

function directoryOf<T>(directory: Directory<T>, segment: string): Directory<T> {
  if (segment === ONE) return (directory.one ??= createDirectory());
  let child = directory.directories.get(segment);
  if (child === undefined) {
    child = createDirectory();
    directory.directories.set(segment, child);
  }
  return child;
}

function append<T>(lists: Map<string, T[]>, key: string, values: readonly T[]): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [...values]);
  else for (const value of values) known.push(value);
}

function isEmpty<T>(directory: Directory<T>): boolean {
  return (
    directory.files.size === 0 &&
    directory.directories.size === 0 &&
    directory.names.size === 0 &&
    !hasWildcard(directory)
  );
}

/** True when the first segment below may be any. */
function hasWildcard<T>(directory: Directory<T>): boolean {
  return (
    directory.any !== undefined ||
    directory.anyFile !== undefined ||
    directory.one !== undefined ||
    directory.names.size > 0
  );
}

function mergeFiles<T>(directory: Directory<T>): void {
  const anyFile = (directory.anyFile ??= []);
  for (const values of directory.files.values()) for (const value of values) anyFile.push(value);
  directory.files = new Map();
}

function mergeDirectories<T>(directory: Directory<T>): Directory<T> {
  const one = (directory.one ??= createDirectory());
  for (const child of directory.directories.values()) mergeInto(one, child);
  directory.directories = new Map();
  return one;
}

function mergeInto<T>(target: Directory<T>, source: Directory<T>): void {
  for (const [name, values] of source.files) append(target.files, name, values);
  for (const [name, values] of source.names) append(target.names, name, values);
  if (source.anyFile !== undefined) target.anyFile = [...(target.anyFile ?? []), ...source.anyFile];
  if (source.any !== undefined) target.any = [...(target.any ?? []), ...source.any];
  for (const [segment, child] of source.directories) {
    const known = target.directories.get(segment);
    if (known === undefined) target.directories.set(segment, child);
    else mergeInto(known, child);
  }
  if (source.one === undefined) return;
  if (target.one === undefined) target.one = source.one;
  else mergeInto(target.one, source.one);
}

/** Collects what is below the directory under the last segments; false when one of them is a wildcard. */
function gatherNames<T>(directory: Directory<T>, names: Map<string, T[]>): boolean {
  if (directory.any !== undefined || directory.anyFile !== undefined) return false;
  for (const [name, values] of directory.files) append(names, name, values);
  if (directory.names !== names) for (const [name, values] of directory.names) append(names, name, values);
  if (directory.one !== undefined && !gatherNames(directory.one, names)) return false;
  for (const child of directory.directories.values()) if (!gatherNames(child, names)) return false;
  return true;
}

/** Makes everything below the directory one pattern. */
function absorb<T>(directory: Directory<T>): void {
  const values: T[] = [];
  collect(directory, values);
  directory.files = new Map();
  directory.anyFile = undefined;
  directory.directories = new Map();
  directory.one = undefined;
  directory.names = new Map();
  directory.any = values;
}

function collect<T>(directory: Directory<T>, values: T[]): void {
  for (const value of directory.any ?? []) values.push(value);
  for (const value of directory.anyFile ?? []) values.push(value);
  for (const named of directory.names.values()) for (const value of named) values.push(value);
  for (const named of directory.files.values()) for (const value of named) values.push(value);
  if (directory.one !== undefined) collect(directory.one, values);
  for (const child of directory.directories.values()) collect(child, values);
}

function emit<T>(directory: Directory<T>, path: string, result: Map<string, readonly T[]>): void {
  if (directory.any !== undefined) result.set(`${path}/${ANY}`, directory.any);
  if (directory.anyFile !== undefined) result.set(`${path}/${ONE}`, directory.anyFile);
  for (const [name, values] of directory.names) result.set(`${path}/${ANY}/${name}`, values);
  for (const [name, values] of directory.files) result.set(`${path}/${name}`, values);
  if (directory.one !== undefined) emit(directory.one, `${path}/${ONE}`, result);
  for (const [segment, child] of directory.directories) emit(child, `${path}/${segment}`, result);
}
