import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The part of the environment that this tool reads. @public */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of the Go module that names the programs and their versions. @internal */
export function goModuleFolder(): string {
  return fileURLToPath(new URL("../go/", import.meta.url));
}

/**
 * Folder that holds everything this tool keeps between runs: `$XDG_CACHE_HOME/kinglet/real-cluster`, else below
 * `~/.cache`. As the XDG base directory specification asks, a relative `XDG_CACHE_HOME` is ignored.
 *
 * @internal
 */
export function cacheRoot(env: Environment): string {
  const xdg = env["XDG_CACHE_HOME"];
  const home = env["HOME"];
  const base =
    xdg?.startsWith("/") === true ? xdg : join(home === undefined || home === "" ? homedir() : home, ".cache");
  return join(base, "kinglet", "real-cluster");
}

/** Name of a build: the first 16 hex digits of the SHA-256 of go.sum, which changes with every version. @internal */
export function cacheKey(goSum: string | Uint8Array): string {
  return createHash("sha256").update(goSum).digest("hex").slice(0, 16);
}

/** Folder of the programs that this checkout's go.sum asks for, built or not. @public */
export function cacheFolder(env: Environment): string {
  return join(cacheRoot(env), cacheKey(readFileSync(join(goModuleFolder(), "go.sum"))));
}
