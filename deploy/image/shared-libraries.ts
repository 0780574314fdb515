import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * What glibc opens by name at run time when it looks up a host. Since glibc 2.34 all of it is inside libc and these files are
 * stubs; before, a binary without them resolves nothing.
 */
const OPENED_BY_LIBC = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"] as const;

/**
 * Paths that `ldd` lists, in its order, without the kernel's own. They are the paths under which the loader of this system
 * found them, so a copy at the same place is found without a loader cache.
 *
 * @throws Error that names a library which `ldd` did not find.
 */
export function parseLdd(output: string): string[] {
  const paths: string[] = [];
  for (const line of output.split("\n")) {
    const missing = /^\s*(\S+) => not found/u.exec(line);
    if (missing !== null) throw new Error(`the executable needs ${missing[1]}, which is not installed here`);
    // "name => /path (0x…)" or, for the loader itself, "/path (0x…)".
    const path = /(?:=>\s*|^\s*)(\/\S+) \(0x[0-9a-f]+\)$/u.exec(line)?.[1];
    if (path !== undefined) paths.push(path);
  }
  return paths;
}

/** Every shared library that the executable loads, including those that glibc opens by name; empty for a static one. */
export function sharedLibraries(executable: string): string[] {
  const linked = parseLdd(runLdd(executable));
  const libc = linked.find((path) => /\/libc\.so\.\d+$/u.test(path));
  const opened = libc === undefined ? [] : OPENED_BY_LIBC.map((name) => join(dirname(libc), name)).filter(existsSync);
  return [...new Set([...linked, ...opened])];
}

function runLdd(executable: string): string {
  try {
    return execFileSync("ldd", [executable], {
      encoding: "utf8",
      // Its messages are translated.
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    const said = `${stderr ?? ""}${stdout ?? ""}`;
    if (said.includes("not a dynamic executable") || said.includes("statically linked")) return "";
    throw new Error(`ldd ${executable} failed: ${said.trim()}`, { cause: error });
  }
}
