import type { ImageMetadata } from "@kinglet/policy-engine/security-policy";

/** What a source knows about an image. @public */
export interface FetchedImage {
  readonly metadata: ImageMetadata;
  /** About how much memory it takes; the cache is bounded by it. */
  readonly bytes: number;
}

/**
 * Port: where metadata of images comes from.
 *
 * @public
 */
export interface ImageMetadataSource {
  /** Short and stable; a metric label. */
  readonly name: string;
  /**
   * @param reference - as the container has it.
   * @returns undefined when the source does not know the image.
   * @throws when it cannot be said, or the signal's reason.
   */
  fetch(reference: string, options: { readonly signal: AbortSignal }): Promise<FetchedImage | undefined>;
}
