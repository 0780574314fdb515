/**
 * What a command line asks for.
 *
 * - `applet`: run the applet `name` with `argv`.
 * - `option`: one of the program's own options, with the arguments after it.
 * - `unknown`: there is no applet of that name.
 *
 * @public
 */
export type Resolution =
  | { readonly kind: "applet"; readonly name: string; readonly invocation: string; readonly argv: readonly string[] }
  | { readonly kind: "option"; readonly option: string; readonly argv: readonly string[] }
  | { readonly kind: "unknown"; readonly name: string };

/** The program's own name: only under it does the first argument name the applet. */
const programName = "kinglet";

/**
 * Chooses the applet as busybox does: by the name under which the program was called, else by the first argument.
 *
 * The name is the last path component of `invokedAs` without `.cjs`, `.mjs`, `.js` or `.exe`; links are not resolved, so a link's own
 * name counts. The comparison is exact and case-sensitive.
 *
 * @param invokedAs - the second element of the process's argument vector: the script, link or `exec -a` name.
 * @param args - the arguments after it.
 * @param names - the applets that exist.
 *
 * @public
 */
export function resolveApplet(invokedAs: string, args: readonly string[], names: readonly string[]): Resolution {
  const called = baseName(invokedAs);
  if (names.includes(called)) return { kind: "applet", name: called, invocation: called, argv: args };
  if (called !== programName) return { kind: "unknown", name: called };
  const first = args[0];
  if (first === undefined) return { kind: "option", option: "--help", argv: [] };
  if (first.startsWith("-")) return { kind: "option", option: first, argv: args.slice(1) };
  if (names.includes(first)) {
    return { kind: "applet", name: first, invocation: `${programName} ${first}`, argv: args.slice(1) };
  }
  return { kind: "unknown", name: first };
}

function baseName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.replace(/\.(?:cjs|mjs|js|exe)$/, "");
}
