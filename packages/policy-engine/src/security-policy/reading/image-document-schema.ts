import { array, boolean, lazy, map, number, object } from "@kinglet/lazy-schema";
import { oneOf, optional, string, type Lazy, type Schema } from "@kinglet/lazy-schema";

import type { VulnerabilitySeverity } from "../workload/image-metadata.ts";

const maxText = 4096;
const maxItems = 20_000;

/** Severities of vulnerabilities, lowest first. */
const vulnerabilitySeverities = ["UNKNOWN", "LOW", "MODERATE", "IMPORTANT", "CRITICAL"] as const;

/** RFC 3339. */
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** The document once it is right. @internal */
export interface StatedImages {
  readonly images: readonly StatedImage[];
}

/** One image of it. @internal */
export interface StatedImage {
  readonly ref: string;
  readonly config?: StatedConfig;
  readonly scan?: StatedScan;
  readonly verifiedBy?: readonly string[];
}

/** @internal */
export interface StatedConfig {
  readonly created?: string;
  readonly user: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly layers?: readonly { readonly instruction: string; readonly text: string }[];
}

/** @internal */
export interface StatedScan {
  readonly scanned?: string;
  readonly operatingSystem: string;
  readonly components?: readonly {
    readonly name: string;
    readonly version: string;
    readonly vulnerabilities?: readonly StatedVulnerability[];
  }[];
}

/** @internal */
export interface StatedVulnerability {
  readonly id: string;
  readonly severity: VulnerabilitySeverity;
  readonly cvss?: number;
  readonly nvdCvss?: number;
  readonly fixedBy: string;
  readonly published?: string;
  readonly fixAvailable?: string;
  readonly firstSeenInImage?: string;
  readonly firstSeenInSystem?: string;
  readonly suppressed?: boolean;
}

let schema: Lazy<Schema<StatedImages>> | undefined;

/** What a document with image metadata may hold; built at the first call. @internal */
export function imageDocumentSchema(): Schema<StatedImages> {
  schema ??= lazy(buildSchema, "image document schema");
  return schema();
}

function buildSchema(): Schema<StatedImages> {
  const text = string({ max: maxText, default: "" });
  const time = optional(string({ max: 64, pattern: timePattern }));
  const vulnerability = object({
    id: string({ min: 1, max: 256 }),
    severity: oneOf(vulnerabilitySeverities, { default: "UNKNOWN" }),
    cvss: optional(number({ min: 0, max: 10 })),
    nvdCvss: optional(number({ min: 0, max: 10 })),
    fixedBy: text,
    published: time,
    fixAvailable: time,
    firstSeenInImage: time,
    firstSeenInSystem: time,
    suppressed: optional(boolean()),
  });
  const component = object({
    name: string({ min: 1, max: maxText }),
    version: text,
    vulnerabilities: optional(array(vulnerability, { max: maxItems })),
  });
  return object({
    images: array(
      object({
        ref: string({ min: 1, max: maxText }),
        config: optional(
          object({
            created: time,
            user: text,
            labels: optional(map(string({ max: maxText }), { max: maxItems })),
            layers: optional(
              array(object({ instruction: text, text: string({ max: 65_536, default: "" }) }), { max: maxItems }),
            ),
          }),
        ),
        scan: optional(
          object({ scanned: time, operatingSystem: text, components: optional(array(component, { max: maxItems })) }),
        ),
        verifiedBy: optional(array(string({ max: maxText }), { max: maxItems })),
      }),
      { max: maxItems },
    ),
  });
}
