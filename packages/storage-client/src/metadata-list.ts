import { createError } from "@kinglet/errors";
import type { ProfileMetadata } from "@kinglet/profile";

import type { CallSubject } from "./call-budget.ts";
import { storageErrors } from "./errors.ts";

const MAX_OBJECTS = 100_000;
const MAX_CHARACTERS = 67_108_864;

/** Metadata of many objects within bounds. @internal */
export class MetadataList {
  readonly #subject: CallSubject;
  #found: ProfileMetadata[] = [];
  #characters = 0;

  constructor(subject: CallSubject) {
    this.#subject = subject;
  }

  /** @throws `KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE` */
  add(metadata: ProfileMetadata): void {
    this.#characters += sizeOf(metadata.annotations) + sizeOf(metadata.labels);
    this.#found.push(metadata);
    if (this.#found.length > MAX_OBJECTS) throw this.#tooLarge(`more than ${MAX_OBJECTS} objects`);
    if (this.#characters > MAX_CHARACTERS) throw this.#tooLarge("more than 64 MB of labels and annotations");
  }

  clear(): void {
    this.#found = [];
    this.#characters = 0;
  }

  all(): readonly ProfileMetadata[] {
    return this.#found;
  }

  #tooLarge(problem: string): Error {
    return createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE", { ...this.#subject, problem });
  }
}

function sizeOf(texts: Readonly<Record<string, string>> | undefined): number {
  let size = 0;
  for (const key in texts) size += key.length + String(texts[key]).length;
  return size;
}
