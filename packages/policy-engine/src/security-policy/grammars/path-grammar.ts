import type { Grammar } from "./grammar.ts";

/** Paths of files, with wildcards. @internal */
export function pathGrammar(): Grammar {
  return {
    name: "filePath",
    description: "an absolute path without `..`; `*`, `**`, `?`, `[a-z]` and `{one,two}` are wildcards",
    examples: ["/etc/passwd", "/root/.ssh/**"],
    parse(value) {
      if (!value.startsWith("/")) return { kind: "problem", message: "must begin with /" };
      if (value.split("/").includes("..")) return { kind: "problem", message: "must not have .. between slashes" };
      const message = findGlobProblem(value);
      return message === undefined ? { kind: "text", text: value } : { kind: "problem", message };
    },
  };
}

/** One pass, no recursion: nesting of braces is only counted. */
function findGlobProblem(glob: string): string | undefined {
  let braces = 0;
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at];
    if (sign === "\\") {
      if (++at >= glob.length) return "ends with a \\ that escapes nothing";
    } else if (sign === "{") braces += 1;
    else if (sign === "}") {
      if (braces === 0) return "has a } without {";
      braces -= 1;
    } else if (sign === "[") {
      at = findClassEnd(glob, at);
      if (at < 0) return "has a [ that is not closed, or holds nothing";
    }
  }
  return braces === 0 ? undefined : "has a { that is not closed";
}

/** Position of the `]` that ends the class which begins at `start`, -1 without one. */
function findClassEnd(glob: string, start: number): number {
  let at = start + 1;
  if (glob[at] === "^" || glob[at] === "!") at += 1;
  if (glob[at] === "]") return -1;
  for (; at < glob.length; at++) {
    if (glob[at] === "\\") at += 1;
    else if (glob[at] === "]") return at;
  }
  return -1;
}
