import { needsEngine, type CompiledText } from "./compile-pattern.ts";
import type { PatternEngine } from "./pattern-engine.ts";

/**
 * Compiles a glob over paths: `*` and `?` stay inside a folder, `**` as a whole component is any number of folders (none, too),
 * `[…]` and `{a,b}` choose. Case-sensitive.
 *
 * A path without wildcards and one that ends in the only wildcard, `/**`, are plain string operations; all others become a
 * pattern for the engine, because globs that back up over several `**` take exponential time.
 *
 * @internal
 */
export function compilePathGlob(glob: string, engine: PatternEngine | undefined): CompiledText {
  if (!/[*?[\]{}\\]/.test(glob)) return { kind: "test", test: (path) => path === glob };
  if (glob.endsWith("/**")) {
    const folder = glob.slice(0, -3);
    if (!/[*?[\]{}\\]/.test(folder)) return { kind: "test", test: (path) => isInFolder(path, folder) };
  }
  const source = translate(glob);
  if (source === undefined)
    return { kind: "problem", message: "not a path glob: a bracket, brace or backslash is open" };
  if (engine === undefined) return needsEngine;
  // `(?-i)`: the engine ignores case by default.
  const compiled = engine.compile(`(?-i)(?s)${source}`, "whole");
  return typeof compiled === "string" ? { kind: "problem", message: compiled } : { kind: "test", test: compiled };
}

function isInFolder(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path.charCodeAt(folder.length) === 47);
}

/** As a pattern in RE2 syntax; undefined when the glob is malformed. */
function translate(glob: string): string | undefined {
  let pattern = "";
  let braces = 0;
  for (let index = 0; index < glob.length; index++) {
    const character = glob[index] as string;
    if (character === "*") {
      let end = index;
      while (glob[end] === "*") end++;
      const isComponent =
        end - index === 2 && (index === 0 || glob[index - 1] === "/") && (end === glob.length || glob[end] === "/");
      if (!isComponent) pattern += "[^/]*";
      else if (end < glob.length) {
        pattern += "(?:.*/)?";
        end++;
      } else if (pattern.endsWith("/")) pattern = `${pattern.slice(0, -1)}(?:/.*)?`;
      else pattern += ".*";
      index = end - 1;
    } else if (character === "?") pattern += "[^/]";
    else if (character === "[") {
      const end = glob.indexOf("]", index + 2);
      if (end < 0) return undefined;
      pattern += classOf(glob.slice(index + 1, end));
      index = end;
    } else if (character === "{") {
      braces++;
      pattern += "(?:";
    } else if (character === "}" && braces > 0) {
      braces--;
      pattern += ")";
    } else if (character === "," && braces > 0) pattern += "|";
    else if (character === "\\") {
      const escaped = glob[++index];
      if (escaped === undefined) return undefined;
      pattern += quote(escaped);
    } else pattern += quote(character);
  }
  return braces === 0 ? pattern : undefined;
}

function classOf(members: string): string {
  const isNegated = members.startsWith("^") || members.startsWith("!");
  const body = (isNegated ? members.slice(1) : members).replaceAll(/[\\[\]^&~]/g, String.raw`\$&`);
  return isNegated ? `[^/${body}]` : `[${body}]`;
}

function quote(character: string): string {
  return /[.+*?()|[\]{}^$\\]/.test(character) ? `\\${character}` : character;
}
