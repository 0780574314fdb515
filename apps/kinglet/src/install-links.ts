import { lstatSync, readlinkSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { makeFolder } from "@kinglet/durable-files";
import { createError, hasCode } from "@kinglet/errors";
import { kingletErrors } from "./errors.ts";

/**
 * What `--install` did with one name.
 *
 * @public
 */
export interface InstalledLink {
  readonly path: string;
  readonly state: "created" | "unchanged";
}

/**
 * Makes one symbolic link per applet in `directory`, creating the folder when it is missing.
 *
 * A link that already leads to `target` is left as it is, so a second run changes nothing. Anything else under a wanted name is never
 * overwritten: all names are checked before the first link is made.
 *
 * @param target - the program, absolute path.
 * @param directory - where the links go.
 * @param names - the applets.
 * @param options - `relative`: links that survive moving both together; default absolute.
 * @throws `KINGLET_ERR_KINGLET_INSTALL_NOT_OURS`, `KINGLET_ERR_KINGLET_INSTALL_FAILED`.
 *
 * @public
 */
export function installLinks(
  target: string,
  directory: string,
  names: readonly string[],
  options: { readonly relative: boolean },
): readonly InstalledLink[] {
  const folder = resolve(directory);
  try {
    makeFolder(folder, 0o777);
  } catch (error) {
    throw failed(folder, error);
  }
  const program = realpathSync(target);
  const content = options.relative ? relative(realpathSync(folder), program) : program;
  const links: InstalledLink[] = [];
  for (const name of names) links.push(inspect(join(folder, name), program));
  for (const link of links) {
    if (link.state === "unchanged") continue;
    try {
      symlinkSync(content, link.path);
    } catch (error) {
      throw failed(link.path, error);
    }
  }
  return links;
}

function inspect(path: string, program: string): InstalledLink {
  try {
    const found = lstatSync(path);
    if (found.isSymbolicLink() && resolve(dirname(path), readlinkSync(path)) === program) {
      return { path, state: "unchanged" };
    }
    // A link through another link, or a relative one under a moved folder, may still lead to the same file.
    if (found.isSymbolicLink() && realpathSync(path) === program) return { path, state: "unchanged" };
  } catch (error) {
    if (hasCode(error, "ENOENT") && isMissing(path)) return { path, state: "created" };
    if (!hasCode(error, "ENOENT")) throw failed(path, error);
  }
  throw createError(kingletErrors, "KINGLET_ERR_KINGLET_INSTALL_NOT_OURS", { path, target: program });
}

function isMissing(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch {
    // lstat fails for a name that is not there; whatever else is wrong shows when the link is made
    return true;
  }
}

function failed(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return createError(kingletErrors, "KINGLET_ERR_KINGLET_INSTALL_FAILED", { path, reason }, { cause });
}
