import { readFileSync, statSync } from "node:fs";

/** Parsing YAML takes about a hundred times its size in memory; the built-in rules are 28 KB. */
const maxBytes = 262_144;
/** So many levels opened one behind the other: no rule needs them, and each of them takes a parser memory. */
const tooDeep = /(?:[[{]\s*){65}|(?:[-?]\s+){65}/;

/**
 * Reads a file of rules whole. What is no regular file (a pipe, a device) is not opened: reading it might never end.
 *
 * @throws an Error that says why the file is not taken.
 *
 * @internal
 */
export function readRuleFile(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) throw new Error(`${path} is no file`);
  if (found.size > maxBytes) {
    throw new Error(`${path} has ${found.size} bytes, at most ${maxBytes} are read: put the rules into several files`);
  }
  const text = readFileSync(path, "utf8");
  if (tooDeep.test(text)) throw new Error(`${path}: more than 64 levels`);
  return text;
}
