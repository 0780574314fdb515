const PREFIX = "/proc/";
/** What stands for any one process. */
const ANY = "/proc/\u22ef";
const SLASH = 47;

/**
 * Where the number of `/proc/<number>` ends.
 *
 * @returns -1 when the path is not below a process's directory. No allocation.
 *
 * @internal
 */
export function endOfProcNumber(path: string): number {
  if (!path.startsWith(PREFIX)) return -1;
  let at = PREFIX.length;
  while (isDigit(path.charCodeAt(at))) at += 1;
  return at > PREFIX.length && (at === path.length || path.charCodeAt(at) === SLASH) ? at : -1;
}

/** The path with `⋯` in the place of the number. @internal */
export function anyProcess(path: string, end: number): string {
  return ANY + path.slice(end);
}

/** What follows `/proc/⋯`; the path itself where it is not below any process's directory. @internal */
export function belowAnyProcess(path: string): string {
  return path.startsWith(ANY) ? path.slice(ANY.length) : path;
}

/** A number of 30 bits for what follows the number of the process. No allocation. @internal */
export function hashFrom(path: string, start: number): number {
  let hash = 17;
  for (let at = start; at < path.length; at += 1) hash = (Math.imul(hash, 31) + path.charCodeAt(at)) | 0;
  return hash & 0x3fffffff;
}

/** True when `path` from `start` is what `known` has behind its `⋯`. No allocation. @internal */
export function isSameBelow(path: string, start: number, known: string): boolean {
  const offset = ANY.length - start;
  if (known.length !== path.length + offset) return false;
  for (let at = start; at < path.length; at += 1) {
    if (path.charCodeAt(at) !== known.charCodeAt(at + offset)) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
