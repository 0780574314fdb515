/** What a path may have in it and be about another file than it says. */
const detour = /\/(?:\/|\.\.?(?:\/|$))|^\/proc\/.*\/(?:root|cwd)(?:\/|$)/;
/** The root and the working folder of a process, as a path below `/`. */
const processFolder = /^proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(root|cwd)$/;
/** Names in the longest of these: `proc/1/task/1/root`. */
const maxProcessNames = 5;
/** The last answer: a rule asks again for each volume of a container, and paths are as long as a process likes. */
const last = { path: "", cwd: "", resolved: "" };

/**
 * The absolute path without detours: empty parts, `.` and `..` are followed, `/proc/PID/root` is the root and `/proc/PID/cwd` the working folder. Those of
 * another process count as the event's own: nobody reports them.
 *
 * For a second look beside the path as it was told, not instead of it: folders that are links are not followed, so what is behind one by `..` may be
 * named wrongly. A path that is not absolute stays as it is.
 *
 * Cost: a search; nothing is made of a path without detours, and nothing when asked the same again.
 *
 * @param cwd - of the process; where that is unknown, its folder stays as it was told.
 * @internal
 */
export function resolvePath(path: string, cwd: string): string {
  if (!path.startsWith("/")) return path;
  if (path !== last.path || cwd !== last.cwd) {
    last.resolved = detour.test(path) ? withoutDetours(path, cwd) : path;
    last.path = path;
    last.cwd = cwd;
  }
  return last.resolved;
}

function withoutDetours(path: string, cwd: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
    if ((name !== "root" && name !== "cwd") || names.length > maxProcessNames) continue;
    const [, folder] = processFolder.exec(names.join("/")) ?? [];
    if (folder === "root") names.length = 0;
    else if (folder === "cwd" && cwd.startsWith("/")) names.splice(0, names.length, ...namesOf(cwd));
  }
  return `/${names.join("/")}`;
}

/** The kernel tells the working folder without detours. */
function namesOf(folder: string): string[] {
  return folder.split("/").filter((name) => name !== "");
}
