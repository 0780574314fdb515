import type { Component } from "./read-components.ts";

/** What the bill of materials is about. */
export interface Product {
  readonly name: string;
  readonly version: string;
}

/**
 * An SPDX 2.3 document as JSON text; the same input gives the same text (its time of creation is fixed on purpose).
 *
 * @param integrity - SHA-512 by `name@version`.
 * @see https://spdx.github.io/spdx-spec/v2.3/
 */
export function renderSbom(
  product: Product,
  components: readonly Component[],
  integrity: ReadonlyMap<string, string>,
): string {
  const id = (name: string): string => `SPDXRef-Package-${name.replace(/[^A-Za-z0-9.-]/g, "-")}`;
  const packages = components.map(({ name, version, license }) => {
    const checksum = integrity.get(`${name}@${version}`);
    return {
      SPDXID: id(name),
      name,
      versionInfo: version,
      downloadLocation: "NOASSERTION",
      filesAnalyzed: false,
      licenseConcluded: license,
      licenseDeclared: license,
      copyrightText: "NOASSERTION",
      ...(checksum === undefined ? {} : { checksums: [{ algorithm: "SHA512", checksumValue: checksum }] }),
      externalRefs: [
        {
          referenceCategory: "PACKAGE-MANAGER",
          referenceType: "purl",
          referenceLocator: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        },
      ],
    };
  });
  const root = {
    SPDXID: id(product.name),
    name: product.name,
    versionInfo: product.version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "Apache-2.0",
    licenseDeclared: "Apache-2.0",
    copyrightText: "NOASSERTION",
  };
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${product.name}-${product.version}`,
    documentNamespace: `https://kinglet.dev/spdx/${product.name}-${product.version}`,
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: kinglet-notices"] },
    packages: [root, ...packages],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: root.SPDXID },
      ...packages.map((row) => ({
        spdxElementId: root.SPDXID,
        relationshipType: "CONTAINS",
        relatedSpdxElement: row.SPDXID,
      })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
