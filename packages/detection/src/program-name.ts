// Asked for every execution that a rule holds against the profile; budget: no allocation where the arguments are recorded as told.
import type { ProfileAnswers } from "./detector.ts";

/** Reused: answers keep no list. */
const variant: string[] = [];

/**
 * Whether an execution with these arguments is in the profile, `argv[0]` first.
 *
 * Not every source knows `argv[0]`: Tetragon does not report it, and the path stands there instead. So the path in its place fits the file's name in
 * the profile, also as login shells have it (`-sh`), and the file's name fits the path in the profile. Any other name is another program: for busybox it
 * selects the applet.
 *
 * @internal
 */
export function wasExecutedWith(content: ProfileAnswers, path: string, args: readonly string[]): boolean {
  if (content.wasExecutedWith(path, args)) return true;
  const [told] = args;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (told === undefined || name === "") return false;
  if (told === path) {
    return wasExecutedAs(content, path, name, args) || wasExecutedAs(content, path, `-${name}`, args);
  }
  return told === name && wasExecutedAs(content, path, path, args);
}

function wasExecutedAs(content: ProfileAnswers, path: string, name: string, args: readonly string[]): boolean {
  if (args[0] === name) return false;
  variant.length = 0;
  variant.push(name);
  for (let at = 1; at < args.length; at++) variant.push(args[at]!); // at < length
  const isThere = content.wasExecutedWith(path, variant);
  variant.length = 0;
  return isThere;
}

/**
 * Whether an entry's first argument may be that of an execution whose `argv[0]` is not known.
 *
 * @param recorded - of the entry.
 * @param binary - what was executed.
 * @param path - what the profile is asked about.
 * @internal
 */
export function isSameProgram(recorded: string, binary: string, path: string): boolean {
  if (recorded === binary) return true;
  if (binary !== path) return false;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return recorded === name || recorded === `-${name}`;
}
