import { ANY_ARGUMENTS, ONE, SLASH_CODE } from "./wildcards.ts";

/**
 * True for a path that would allow others, too, if it stood in a profile: the format knows no way to say that a file is really called `*`.
 *
 * Cost: no allocation.
 *
 * @public
 */
export function isWildcardPath(path: string): boolean {
  if (path.includes(ONE)) return true;
  for (let at = path.indexOf("*"); at !== -1; at = path.indexOf("*", at + 1)) {
    const isStart = at === 0 || path.charCodeAt(at - 1) === SLASH_CODE;
    const isEnd = at + 1 === path.length || path.charCodeAt(at + 1) === SLASH_CODE;
    if (isStart && isEnd) return true;
  }
  return false;
}

/** True for an argument that would allow others, too, if it stood in a profile. @public */
export function isWildcardArgument(argument: string): boolean {
  return argument === ONE || argument === ANY_ARGUMENTS;
}

/**
 * True for a looked-up name that would allow others, too, if it stood in a profile, and for one with a star in any other place than those of wildcards:
 * an entry with that matches nothing.
 *
 * @public
 */
export function isWildcardName(name: string): boolean {
  return name.includes("*") || name.includes(ONE);
}
