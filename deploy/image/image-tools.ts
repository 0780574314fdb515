import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { findSources } from "./build-image.ts";

/**
 * Why the image cannot be built and run here, as one phrase; `undefined` where it can. As root on Debian the packages are buildah,
 * podman and runc.
 */
export function imageSkipReason(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (process.platform !== "linux") return `no Linux but ${process.platform}`;
  if (process.getuid?.() !== 0)
    return "not root, and containers without root need a set-up that only their owner can make";
  const missing = ["buildah", "podman", "runc", "ldd"].filter((name) => !isOnPath(name, env["PATH"] ?? ""));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  try {
    findSources();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** `KINGLET_REQUIRE` lists `image`: a suite that would skip must fail instead. */
export function isImageRequired(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env["KINGLET_REQUIRE"] ?? "").split(/[\s,]+/u).includes("image");
}

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
      return false;
    }
  });
}
