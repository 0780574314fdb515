/** An empty part, one dot or two: what a path may have in it and be about the same file. */
const detour = /\/(?:\/|\.\.?(?:\/|$))/;
const doubled = /\/(?:\.?\/)+/g;
/** The root folder of a process: what lies below is named as if it were not there. */
const processRoot = /^proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/root$/;
/** Where a container writes, and where programs of an image are not. */
const scratch = /^\/(?:dev|proc|run|tmp|var\/run|var\/tmp)\//;

/**
 * An absolute path without detours, so that rules and profiles know `/tmp/../etc//shadow` and `/proc/self/root/etc/shadow` for `/etc/shadow`: a process
 * writes its paths as it likes. The root of another process counts as that of its own, which is the safe side for files.
 *
 * Folders that are links are not followed, for nobody reports them; what is behind one by `..` may therefore be named wrongly. Never for programs,
 * where that would let one pass for another: {@link tidyProgramPath}.
 *
 * Cost: a search; nothing is made of a path without detours.
 *
 * @internal
 */
export function tidyPath(path: string): string {
  return hasDetour(path) ? direct(path) : path;
}

/**
 * The same without following `..`, which never changes what program is meant; except to where no program of an image is: `/usr/../dev/shm/x` must not
 * pass for one below `/usr`.
 *
 * @internal
 */
export function tidyProgramPath(path: string): string {
  if (!hasDetour(path)) return path;
  const target = direct(path);
  return scratch.test(target) ? target : path.replace(doubled, "/");
}

function hasDetour(path: string): boolean {
  return path.startsWith("/") && (detour.test(path) || (path.startsWith("/proc/") && path.includes("/root")));
}

function direct(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
    if (name === "root" && names.length < 6 && processRoot.test(names.join("/"))) names.length = 0;
  }
  return names.length > 0 && path.endsWith("/") ? `/${names.join("/")}/` : `/${names.join("/")}`;
}

/** Where a symbolic link leads: a relative target counts from the folder of the link. @internal */
export function linkTarget(target: string, link: string): string {
  const isRelative = !target.startsWith("/") && link.startsWith("/");
  return tidyPath(isRelative ? `${link.slice(0, link.lastIndexOf("/") + 1)}${target}` : target);
}
