import { readFileSync, statSync } from "node:fs";
import { createError } from "@kinglet/errors";
import { readImageMetadata, type ImageMetadata } from "@kinglet/policy-engine/security-policy";
import { admissionErrors } from "../errors.ts";
import type { FetchedImage, ImageMetadataSource } from "./image-metadata-source.ts";

/** Largest file that is read, bytes. */
const maxBytes = 33_554_432;
/** Objects take about that many times the size of their text. */
const expansion = 4;

/**
 * Metadata of images from a JSON file in the format of {@link readImageMetadata}. It is read when an image is asked for, and nothing of it is kept here: the cache
 * in front keeps what is used.
 *
 * @throws from `fetch`: `KINGLET_ERR_ADMISSION_IMAGE_FILE`, naming the first problem of the file.
 *
 * @public
 */
export function createFileImageSource(path: string): ImageMetadataSource {
  return {
    name: "file",
    fetch: async (reference): Promise<FetchedImage | undefined> => {
      const metadata = readImages(path).get(reference);
      if (metadata === undefined) return undefined;
      return { metadata, bytes: expansion * JSON.stringify(metadata).length };
    },
  };
}

function readImages(path: string): ReadonlyMap<string, ImageMetadata> {
  let document: unknown;
  try {
    const { size } = statSync(path);
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw fileError(path, error instanceof Error ? error.message : "it cannot be read", error);
  }
  const { images, problems } = readImageMetadata(document);
  const [first] = problems;
  if (first !== undefined) throw fileError(path, `${first.path}: ${first.message}`);
  return images;
}

function fileError(path: string, reason: string, cause?: unknown): Error {
  return createError(admissionErrors, "KINGLET_ERR_ADMISSION_IMAGE_FILE", { path, reason }, { cause });
}
