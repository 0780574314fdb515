import { validate, type Problem } from "@kinglet/lazy-schema";

import type { ImageConfig, ImageMetadata, ImageScan, Vulnerability } from "../workload/image-metadata.ts";
import { imageDocumentSchema, type StatedConfig, type StatedImage } from "./image-document-schema.ts";
import type { StatedScan, StatedVulnerability } from "./image-document-schema.ts";

/** What became of a document with image metadata. @public */
export interface ImageMetadataResult {
  /** By reference, as containers write it; empty when there are problems. */
  readonly images: ReadonlyMap<string, ImageMetadata>;
  /** All problems, at most 100. */
  readonly problems: readonly Problem[];
}

/**
 * Reads image metadata from a document of any origin:
 *
 * ```yaml
 * images:
 *   - ref: registry.example.com/shop/web:1.4.2
 *     config: { created: 2026-11-01T00:00:00Z, user: "1000", labels: {}, layers: [{ instruction: RUN, text: make }] }
 *     scan: # null: nobody has scanned it; absent: not known
 *       scanned: 2026-11-20T00:00:00Z
 *       operatingSystem: "debian:13"
 *       components:
 *         - name: openssl
 *           version: 3.0.1
 *           vulnerabilities: [{ id: CVE-2022-0778, severity: IMPORTANT, cvss: 7.5, fixedBy: 3.0.2 }]
 *     verifiedBy: [] # ids of signature integrations; absent: not known
 * ```
 *
 * `config`, `scan` and `verifiedBy` that are absent are *not known*; members of them that are absent are empty. The last of two
 * entries for one reference holds. Nothing is thrown for anything that a JSON or YAML reader can make.
 *
 * @public
 */
export function readImageMetadata(document: unknown): ImageMetadataResult {
  const result = validate(imageDocumentSchema(), document);
  if (!result.ok) return { images: new Map(), problems: result.problems };
  // An optional member may be null to the schema, which treats it like an absent one.
  const written = (document as { readonly images: readonly { readonly scan?: unknown }[] }).images;
  const images = new Map<string, ImageMetadata>();
  for (const [index, image] of result.value.images.entries()) {
    images.set(image.ref, metadataOf(image, written[index]?.scan === null));
  }
  return { images, problems: [] };
}

function metadataOf(image: StatedImage, isUnscanned: boolean): ImageMetadata {
  const { config, scan, verifiedBy } = image;
  return {
    ...(config === undefined ? {} : { config: configOf(config) }),
    ...(isUnscanned ? { scan: null } : {}),
    ...(scan === undefined ? {} : { scan: scanOf(scan) }),
    ...(verifiedBy === undefined ? {} : { verifiedBy }),
  };
}

function configOf(config: StatedConfig): ImageConfig {
  return {
    created: timeOf(config.created),
    user: config.user,
    labels: new Map(Object.entries(config.labels ?? {})),
    layers: (config.layers ?? []).map(({ instruction, text }) => ({
      instruction: instruction.toUpperCase(),
      text,
    })),
  };
}

function scanOf(scan: StatedScan): ImageScan {
  return {
    scanned: timeOf(scan.scanned),
    operatingSystem: scan.operatingSystem,
    components: (scan.components ?? []).map(({ name, version, vulnerabilities = [] }) => ({
      name,
      version,
      vulnerabilities: vulnerabilities.map(vulnerabilityOf),
    })),
  };
}

function vulnerabilityOf(stated: StatedVulnerability): Vulnerability {
  return {
    id: stated.id,
    cvss: stated.cvss,
    nvdCvss: stated.nvdCvss,
    severity: stated.severity,
    fixedBy: stated.fixedBy,
    published: timeOf(stated.published),
    fixAvailable: timeOf(stated.fixAvailable),
    firstSeenInImage: timeOf(stated.firstSeenInImage),
    firstSeenInSystem: timeOf(stated.firstSeenInSystem),
    isSuppressed: stated.suppressed ?? false,
  };
}

/** Milliseconds since the epoch; a time that the calendar does not have counts as none. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
