import { describe, expect, it } from "vitest";
import { systemPackages, withSystemPackages, type SystemPackage } from "./system-packages.ts";

const libc: SystemPackage = {
  name: "libc6",
  version: "2.36-9+deb12u1",
  architecture: "amd64",
  distribution: "debian",
  copyrightFile: undefined,
};

describe("withSystemPackages", () => {
  it("adds each package with its purl and keeps what was there", () => {
    const sbom = JSON.stringify({
      spdxVersion: "SPDX-2.3",
      SPDXID: "SPDXRef-DOCUMENT",
      packages: [{ name: "kinglet" }],
      relationships: [{ a: 1 }],
    });
    const merged = JSON.parse(withSystemPackages(sbom, [libc])) as {
      spdxVersion: string;
      packages: unknown[];
      relationships: unknown[];
    };
    expect(merged.spdxVersion).toBe("SPDX-2.3");
    expect(merged.packages).toEqual([
      { name: "kinglet" },
      expect.objectContaining({
        SPDXID: "SPDXRef-System-libc6",
        versionInfo: "2.36-9+deb12u1",
        externalRefs: [
          expect.objectContaining({ referenceLocator: "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64" }),
        ],
      }),
    ]);
    expect(merged.relationships).toEqual([
      { a: 1 },
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-System-libc6" },
    ]);
  });
});

describe("systemPackages", () => {
  it("leaves out files that no package owns", () => {
    expect(systemPackages([import.meta.filename], "debian")).toEqual([]);
  });
});
