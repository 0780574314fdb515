import type { ActivityEvent } from "@kinglet/enrichment";

/** One segment of a path, or one argument. */
const ONE = "\u22ef";
/** Any number of arguments. */
const ANY_ARGUMENTS = "\u22ef\u22ef";
const SLASH = 47;

/**
 * True for a path that would allow others, too, if it stood in a profile: the format knows no way to say that a file is really called `*`.
 * No allocation.
 *
 * @internal
 */
export function isPatternPath(path: string): boolean {
  if (path.includes(ONE)) return true;
  for (let at = path.indexOf("*"); at !== -1; at = path.indexOf("*", at + 1)) {
    const isStart = at === 0 || path.charCodeAt(at - 1) === SLASH;
    const isEnd = at + 1 === path.length || path.charCodeAt(at + 1) === SLASH;
    if (isStart && isEnd) return true;
  }
  return false;
}

/**
 * True for an execution, an opening or a look-up that cannot be recorded as what it is: its name or one of its arguments is a wildcard of profiles, and
 * whoever chooses it while the container is learned would choose what is allowed for ever.
 *
 * @internal
 */
export function isPattern(event: ActivityEvent): boolean {
  if (event.kind === "open") return isPatternPath(event.path);
  if (event.kind === "dns") return isPatternName(event.name);
  if (event.kind !== "exec") return false;
  return isPatternPath(event.binary) || (event.argv?.some(isPatternArgument) ?? false);
}

/** A star in any other place than those of wildcards makes an entry that matches nothing: nothing is lost without it. */
function isPatternName(name: string): boolean {
  return name.includes("*") || name.includes(ONE);
}

function isPatternArgument(argument: string): boolean {
  return argument === ONE || argument === ANY_ARGUMENTS;
}
