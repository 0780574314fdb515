/**
 * What is known about an image beyond its name. A part that is absent is *not known*: criteria that need it are not evaluated.
 * `null` means it is known that there is none.
 *
 * @public
 */
export interface ImageMetadata {
  /** From the image's configuration. */
  readonly config?: ImageConfig;
  /** `null`: no scanner has seen the image. */
  readonly scan?: ImageScan | null;
  /** Ids of the signature integrations that verified it; empty when none did. */
  readonly verifiedBy?: readonly string[];
}

/** @public */
export interface ImageConfig {
  /** Milliseconds since the epoch; undefined when the image does not say. */
  readonly created: number | undefined;
  /** Empty when the image names none: it runs as root then. */
  readonly user: string;
  readonly labels: ReadonlyMap<string, string>;
  /** In the order of the Dockerfile. */
  readonly layers: readonly ImageLayer[];
}

/** @public */
export interface ImageLayer {
  /** `RUN`, `COPY`, … */
  readonly instruction: string;
  readonly text: string;
}

/** @public */
export interface ImageScan {
  /** Milliseconds since the epoch. */
  readonly scanned: number | undefined;
  /** `debian:12`; empty when unknown. */
  readonly operatingSystem: string;
  readonly components: readonly ImageComponent[];
}

/** @public */
export interface ImageComponent {
  readonly name: string;
  readonly version: string;
  readonly vulnerabilities: readonly Vulnerability[];
}

/** @public */
export type VulnerabilitySeverity = "UNKNOWN" | "LOW" | "MODERATE" | "IMPORTANT" | "CRITICAL";

/** Times are milliseconds since the epoch; an undefined one never matches. @public */
export interface Vulnerability {
  readonly id: string;
  readonly cvss: number | undefined;
  readonly nvdCvss: number | undefined;
  readonly severity: VulnerabilitySeverity;
  /** Version that repairs it; empty when there is none. */
  readonly fixedBy: string;
  readonly firstSeenInImage: number | undefined;
  readonly firstSeenInSystem: number | undefined;
  readonly published: number | undefined;
  readonly fixAvailable: number | undefined;
  /** Suppressed or deferred vulnerabilities match no criterion. */
  readonly isSuppressed: boolean;
}
