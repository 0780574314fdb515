import type { OpenEvent } from "@kinglet/enrichment";
import type { OpenCall } from "@kinglet/profile";
import { isWildcardPath, PathMatcher } from "@kinglet/profile/matching";
import { ownText } from "./own-text.ts";
import { anyProcess, endOfProcNumber, hashFrom, isSameBelow } from "./proc-path.ts";
import type { DeltaLog } from "./profile-delta.ts";

interface PatternGroup {
  readonly flags: readonly string[];
  readonly matcher: PathMatcher;
}

/**
 * Opened files of one profile: path → flags, `/proc/<number>` as `/proc/⋯`.
 *
 * Once per event: an open that is recorded already costs one look-up and no allocation, below `/proc/<number>` one pass over the path.
 *
 * @internal
 */
export class RecordedOpens {
  readonly #flagsByPath: Map<string, readonly string[]> = new Map();
  /** Normal paths by the hash of what follows `/proc/⋯`. */
  readonly #byProcHash: Map<number, string> = new Map();
  /** Equal lists exist once. */
  readonly #flagLists: Map<string, readonly string[]> = new Map();
  readonly #delta: DeltaLog;
  /** Patterns that have the same flags. */
  #patterns: readonly PatternGroup[] = [];

  constructor(delta: DeltaLog) {
    this.#delta = delta;
  }

  get size(): number {
    return this.#flagsByPath.size;
  }

  /** True when there is nothing to add. */
  has(event: OpenEvent): boolean {
    const { path } = event;
    if (path === "") return true;
    const end = endOfProcNumber(path);
    let known: readonly string[] | undefined;
    if (end === -1) known = this.#flagsByPath.get(path);
    else {
      const normal = this.#byProcHash.get(hashFrom(path, end));
      if (normal !== undefined && isSameBelow(path, end, normal)) known = this.#flagsByPath.get(normal);
    }
    if (known !== undefined && includesAll(known, event.flags)) return true;
    for (const { flags, matcher } of this.#patterns) {
      if (includesAll(flags, event.flags) && matcher.matches(path)) return true;
    }
    return false;
  }

  /** @returns about how many bytes were added. */
  add(event: OpenEvent): number {
    const end = endOfProcNumber(event.path);
    if (end === -1) return this.#add(event.path, event.flags);
    const normal = anyProcess(event.path, end);
    const bytes = this.#add(normal, event.flags);
    this.#byProcHash.set(hashFrom(event.path, end), normal);
    return bytes;
  }

  restore(open: OpenCall): number {
    return this.#add(open.path, open.flags);
  }

  list(): readonly OpenCall[] {
    const calls: OpenCall[] = [];
    for (const [path, flags] of this.#flagsByPath) calls.push({ path, flags });
    return calls;
  }

  /**
   * Goes on with fewer, wider entries that allow everything that was recorded.
   *
   * @returns about how many bytes they take.
   */
  replace(opens: readonly OpenCall[]): number {
    this.#flagsByPath.clear();
    this.#byProcHash.clear();
    const patterns = new Map<readonly string[], string[]>();
    let bytes = 0;
    for (const { path, flags } of opens) {
      const shared = this.#share(flags);
      this.#flagsByPath.set(path, shared);
      bytes += costOf(path);
      if (!isWildcardPath(path)) continue;
      const group = patterns.get(shared);
      if (group === undefined) patterns.set(shared, [path]);
      else group.push(path);
    }
    this.#patterns = Array.from(patterns, ([flags, paths]) => ({ flags, matcher: new PathMatcher(paths) }));
    return bytes;
  }

  #add(path: string, flags: readonly string[]): number {
    const known = this.#flagsByPath.get(path);
    if (known !== undefined && includesAll(known, flags)) return 0;
    const all = this.#share(known === undefined ? flags : [...known, ...flags]);
    const own = known === undefined ? ownText(path) : path;
    this.#flagsByPath.set(own, all);
    this.#delta.add("opens", { path: own, flags: all });
    return known === undefined ? costOf(path) : 0;
  }

  #share(flags: readonly string[]): readonly string[] {
    const sorted = [...new Set(flags)].toSorted();
    const key = sorted.join("|");
    const known = this.#flagLists.get(key);
    if (known !== undefined) return known;
    this.#flagLists.set(key, sorted);
    return sorted;
  }
}

function costOf(path: string): number {
  return path.length + 64;
}

function includesAll(known: readonly string[], flags: readonly string[]): boolean {
  for (const flag of flags) if (!known.includes(flag)) return false;
  return true;
}
