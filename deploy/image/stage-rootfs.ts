import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { sharedLibraries } from "./shared-libraries.ts";
import { systemPackages, withSystemPackages } from "./system-packages.ts";

/** Where the parts of an image come from. */
export interface ImageSources {
  /** The single executable. */
  readonly executable: string;
  readonly licence: string;
  readonly notices: string;
  /** SPDX document of the program, as JSON. */
  readonly sbom: string;
}

/** What went in, for the summary. */
export interface StagedRootfs {
  readonly applets: readonly string[];
  readonly libraries: readonly string[];
  readonly bytes: number;
}

const USER_ID = 65_532;

/**
 * Fills an empty folder with the file system of the image. Everything is owned by root and read-only to the program except
 * `/tmp` and `/var/lib/kinglet`; the modes are set one by one, so that the umask of the build does not matter.
 */
export function stageRootfs(root: string, sources: ImageSources): StagedRootfs {
  const libraries = sharedLibraries(sources.executable);
  place(root, "/usr/bin/kinglet", sources.executable, 0o755);
  for (const library of libraries) place(root, library, library, 0o755);
  const applets = appletNames(sources.executable);
  for (const applet of applets) symlinkSync("kinglet", join(root, "usr/bin", applet));

  // The list that this Node carries: the same on every build machine, unlike the one in /etc.
  write(root, "/etc/ssl/certs/ca-certificates.crt", `${rootCertificates.join("\n")}\n`);
  write(
    root,
    "/etc/passwd",
    `root:x:0:0:root:/:/sbin/nologin\nkinglet:x:${USER_ID}:${USER_ID}:kinglet:/tmp:/sbin/nologin\n`,
  );
  write(root, "/etc/group", `root:x:0:\nkinglet:x:${USER_ID}:\n`);
  // Without it some versions of glibc ask DNS before /etc/hosts.
  write(root, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
  folder(root, "/tmp", 0o1777);
  // The default of --state-dir: a volume in a cluster, but the program also starts without one.
  folder(root, "/var/lib/kinglet", 0o1777);

  const packages = systemPackages(libraries, distribution());
  place(root, "/usr/share/doc/kinglet/LICENSE", sources.licence, 0o644);
  place(root, "/usr/share/doc/kinglet/THIRD-PARTY-NOTICES", sources.notices, 0o644);
  write(
    root,
    "/usr/share/doc/kinglet/sbom.spdx.json",
    withSystemPackages(readFileSync(sources.sbom, "utf8"), packages),
  );
  for (const { name, copyrightFile } of packages) {
    if (copyrightFile !== undefined) place(root, `/usr/share/doc/${name}/copyright`, copyrightFile, 0o644);
  }
  return { applets, libraries, bytes: sizeOf(root) };
}

/** Names that the executable itself lists, one per line. */
function appletNames(executable: string): string[] {
  // A name of its own decides what the program does, so it is called by its full path and no other.
  const names = execFileSync(executable, ["--list"], { encoding: "utf8" })
    .split("\n")
    .filter((name) => name !== "");
  const strange = names.find((name) => !/^[a-z][a-z0-9-]*$/u.test(name));
  if (names.length === 0 || strange !== undefined) {
    throw new Error(`${executable} --list printed no applet names${strange === undefined ? "" : `: ${strange}`}`);
  }
  return names;
}

function place(root: string, target: string, source: string, mode: number): void {
  folder(root, dirname(target), 0o755);
  copyFileSync(source, join(root, target));
  chmodSync(join(root, target), mode);
}

function write(root: string, target: string, text: string): void {
  folder(root, dirname(target), 0o755);
  writeFileSync(join(root, target), text);
  chmodSync(join(root, target), 0o644);
}

function folder(root: string, target: string, mode: number): void {
  const path = join(root, target);
  if (existsSync(path)) return;
  if (target !== "/") folder(root, dirname(target), 0o755);
  mkdirSync(path);
  chmodSync(path, mode);
}

function distribution(): string {
  if (!existsSync("/etc/os-release")) return "linux";
  return /^ID="?([a-z0-9._-]+)"?$/mu.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "linux";
}

function sizeOf(root: string): number {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
