import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stageRootfs, type ImageSources, type StagedRootfs } from "./stage-rootfs.ts";

export interface BuildImageOptions {
  /** @defaultValue `localhost/kinglet:VERSION` */
  readonly name?: string;
  /** Folder to look in before the build's output and the root of the repository. */
  readonly sources?: string;
  /** Options of the container store, the same for buildah and podman. @defaultValue {@link storageArguments} */
  readonly storage?: readonly string[];
}

export interface BuiltImage extends StagedRootfs {
  readonly name: string;
  /** Content address of the image's configuration: equal for equal images. */
  readonly id: string;
}

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Builds the image with buildah from what the build left in `apps/kinglet/dist`.
 *
 * Two builds of one commit on one system give the same id: files are staged with fixed owners and modes, and every time is that
 * of the commit (or `SOURCE_DATE_EPOCH`).
 *
 * @throws Error that names the first part that is missing and the command that makes it.
 */
export function buildImage(
  env: Readonly<Record<string, string | undefined>>,
  options: BuildImageOptions = {},
): BuiltImage {
  const version = (
    JSON.parse(readFileSync(join(REPOSITORY, "apps/kinglet/package.json"), "utf8")) as { version: string }
  ).version;
  const name = options.name ?? `localhost/kinglet:${version}`;
  const sources = findSources(options.sources);
  const context = mkdtempSync(join(tmpdir(), "kinglet-image-"));
  try {
    const rootfs = join(context, "rootfs");
    mkdirSync(rootfs);
    // The copy of this folder becomes the root of the image.
    chmodSync(rootfs, 0o755);
    const staged = stageRootfs(rootfs, sources);
    copyFileSync(join(REPOSITORY, "deploy/Containerfile"), join(context, "Containerfile"));
    const idFile = join(context, "id");
    const args = [
      ...(options.storage ?? storageArguments(env)),
      "build",
      // Nothing is run during the build, so no more isolation is needed, and this one works without systemd.
      "--isolation=chroot",
      "--format=oci",
      "--layers=false",
      // The version of buildah would otherwise be part of the image's identity.
      "--identity-label=false",
      `--timestamp=${sourceDateEpoch(env)}`,
      `--build-arg=VERSION=${version}`,
      `--build-arg=REVISION=${git(["rev-parse", "HEAD"]) ?? "unknown"}`,
      `--iidfile=${idFile}`,
      `--tag=${name}`,
      `--file=${join(context, "Containerfile")}`,
      context,
    ];
    execFileSync("buildah", args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    return { ...staged, name, id: readFileSync(idFile, "utf8").trim() };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/**
 * The store both programs use: vfs works everywhere, also as root inside a container; `STORAGE_DRIVER`, which both know too,
 * names another one.
 */
export function storageArguments(env: Readonly<Record<string, string | undefined>>): string[] {
  return [`--storage-driver=${env["STORAGE_DRIVER"] || "vfs"}`];
}

/** What an image needs, from the first folder that has it. @throws Error that says what is missing. */
export function findSources(first?: string): ImageSources {
  const folders = [...(first === undefined ? [] : [first]), join(REPOSITORY, "apps/kinglet/dist"), REPOSITORY];
  const find = (file: string, madeBy: string): string => {
    const path = folders.map((folder) => join(folder, file)).find(existsSync);
    if (path === undefined) throw new Error(`${file} is missing (looked in ${folders.join(", ")}): ${madeBy}`);
    return path;
  };
  return {
    executable: find("kinglet", "`pnpm build` makes it"),
    licence: find("LICENSE", "it belongs to the repository"),
    notices: find("THIRD-PARTY-NOTICES", "tools/notices makes it"),
    sbom: find("sbom.spdx.json", "tools/notices makes it"),
  };
}

function sourceDateEpoch(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["SOURCE_DATE_EPOCH"];
  return given !== undefined && /^\d+$/u.test(given) ? given : (git(["log", "-1", "--format=%ct"]) ?? "0");
}

function git(args: readonly string[]): string | undefined {
  try {
    return (
      execFileSync("git", args, { cwd: REPOSITORY, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      undefined
    );
  } catch {
    // A source archive without its history.
    return undefined;
  }
}
