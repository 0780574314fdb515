import { posix } from "node:path";

/** An empty part, one dot or two: what a path may have in it and be about the same file. */
const detour = /\/(?:\/|\.\.?(?:\/|$))/;
const doubled = /\/(?:\.?\/)+/g;

/**
 * An absolute path without detours, so that rules and profiles know `/tmp/../etc//shadow` for `/etc/shadow`: a process writes its paths as it likes.
 *
 * Folders that are links are not followed, for nobody reports them; what is behind one by `..` may therefore be named wrongly. Never for programs,
 * where that would let one pass for another: {@link tidyProgramPath}.
 *
 * Cost: a search; nothing is made of a path without detours.
 *
 * @internal
 */
export function tidyPath(path: string): string {
  return path.startsWith("/") && detour.test(path) ? posix.normalize(path) : path;
}

/** The same without following `..`, which never changes what program is meant. @internal */
export function tidyProgramPath(path: string): string {
  return path.startsWith("/") && detour.test(path) ? path.replace(doubled, "/") : path;
}

/** Where a symbolic link leads: a relative target counts from the folder of the link. @internal */
export function linkTarget(target: string, link: string): string {
  const isRelative = !target.startsWith("/") && link.startsWith("/");
  return tidyPath(isRelative ? `${link.slice(0, link.lastIndexOf("/") + 1)}${target}` : target);
}
