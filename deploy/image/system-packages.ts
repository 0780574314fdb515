import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";

/** A package of the build system from which files went into the image. */
export interface SystemPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** `ID` of os-release: `debian`, `ubuntu`. */
  readonly distribution: string;
  /** Its licence text, if the system has it. */
  readonly copyrightFile: string | undefined;
}

/** The packages that own the files, each once, sorted by name. Empty where dpkg does not run; files of nobody are left out. */
export function systemPackages(files: readonly string[], distribution: string): SystemPackage[] {
  const packages = new Map<string, SystemPackage>();
  for (const file of files) {
    const owner = ownerOf(file) ?? ownerOf(realpathSync(file)) ?? ownerOf(realpathSync(file).replace(/^\/usr\//u, "/"));
    if (owner === undefined || packages.has(owner)) continue;
    const [name = owner, version = "", architecture = ""] =
      dpkgQuery(["-W", "-f", "${Package}\t${Version}\t${Architecture}", owner])?.split("\t") ?? [];
    const copyrightFile = `/usr/share/doc/${name}/copyright`;
    packages.set(owner, {
      name,
      version,
      architecture,
      distribution,
      copyrightFile: existsSync(copyrightFile) ? realpathSync(copyrightFile) : undefined,
    });
  }
  return [...packages.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function ownerOf(file: string): string | undefined {
  // "libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6"
  return dpkgQuery(["-S", file])?.split("\n")[0]?.split(": ")[0];
}

function dpkgQuery(args: readonly string[]): string | undefined {
  try {
    return execFileSync("dpkg-query", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // Not a dpkg system, or a file that no package owns: there is nothing to say about it.
    return undefined;
  }
}

interface SpdxDocument {
  readonly SPDXID: string;
  readonly packages?: readonly unknown[];
  readonly relationships?: readonly unknown[];
}

/** The program's SPDX document with the system packages of the image added; unknown licences are said to be unknown. */
export function withSystemPackages(sbom: string, packages: readonly SystemPackage[]): string {
  const document = JSON.parse(sbom) as SpdxDocument;
  const added = packages.map((entry) => ({
    SPDXID: `SPDXRef-System-${entry.name.replaceAll(/[^A-Za-z0-9.-]/gu, "-")}`,
    name: entry.name,
    versionInfo: entry.version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION",
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: `pkg:deb/${entry.distribution}/${entry.name}@${encodeURIComponent(entry.version)}?arch=${entry.architecture}`,
      },
    ],
  }));
  const relationships = added.map(({ SPDXID }) => ({
    spdxElementId: document.SPDXID,
    relationshipType: "DESCRIBES",
    relatedSpdxElement: SPDXID,
  }));
  const merged = {
    ...document,
    packages: [...(document.packages ?? []), ...added],
    relationships: [...(document.relationships ?? []), ...relationships],
  };
  return `${JSON.stringify(merged, undefined, 2)}\n`;
}
