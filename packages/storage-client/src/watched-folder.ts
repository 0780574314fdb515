import { join } from "node:path";

import type { Logger } from "@kinglet/logger";
import type { ProfileObjectChange, ProfileWatchHandler } from "@kinglet/profile-cache";

import { errorText } from "./error-text.ts";
import type { FileOperations } from "./file-operations.ts";
import { versionOf, type ProfileFiles } from "./profile-files.ts";
import type { ProfileKind } from "./profile-kind.ts";
import { objectNameOf } from "./profile-path.ts";

interface KnownFile {
  readonly name: string;
  readonly signature: string;
  readonly version: string;
}

/** What a folder needs. @internal */
export interface WatchedFolderContext {
  readonly files: FileOperations;
  readonly profileFiles: ProfileFiles;
  readonly logger: Logger;
}

/**
 * What is known of one folder: name and version of each object. Tells what changed since it was looked at last.
 *
 * @internal
 */
export class WatchedFolder implements Disposable {
  readonly namespace: string;
  readonly kind: ProfileKind;
  readonly path: string;
  /** Ends the kernel's watch; absent while there is none. */
  close: (() => void) | undefined;
  readonly #context: WatchedFolderContext;
  readonly #handler: ProfileWatchHandler;
  readonly #mayKnowMore: () => boolean;
  /** By file name. */
  readonly #known = new Map<string, KnownFile>();

  constructor(
    context: WatchedFolderContext,
    about: { readonly namespace: string; readonly kind: ProfileKind; readonly path: string },
    handler: ProfileWatchHandler,
    mayKnowMore: () => boolean,
  ) {
    this.#context = context;
    this.namespace = about.namespace;
    this.kind = about.kind;
    this.path = about.path;
    this.#handler = handler;
    this.#mayKnowMore = mayKnowMore;
  }

  /** How many objects are known. */
  get size(): number {
    return this.#known.size;
  }

  /** Compares the folder with what is known; reads only files that look different. */
  async lookAtAll(signal: AbortSignal): Promise<void> {
    const gone = new Set(this.#known.keys());
    for await (const fileName of this.#context.files.names(this.path)) {
      if (signal.aborted) return;
      gone.delete(fileName);
      await this.lookAt(fileName);
    }
    for (const fileName of gone) await this.lookAt(fileName);
  }

  /** @param options - `isNamed`: the kernel says that it changed, so its times need not show it. */
  async lookAt(fileName: string, options: { readonly isNamed?: boolean } = {}): Promise<void> {
    const fromName = objectNameOf(fileName);
    if (fromName === undefined) return;
    const { files } = this.#context;
    const path = join(this.path, fileName);
    const known = this.#known.get(fileName);
    const signature = await files.signature(path);
    if (signature === undefined) {
      if (known !== undefined) this.#forget(fileName, known);
      return;
    }
    if (known?.signature === signature && options.isNamed !== true) return;
    if (known === undefined && !this.#mayKnowMore()) return;
    const read = await this.#read(path, fromName, signature);
    if (read === undefined) return;
    this.#known.set(fileName, { ...read, signature });
    if (known === undefined) this.#tell("added", read);
    else if (known.version !== read.version) this.#tell("modified", read);
  }

  /** The folder is gone. */
  tellDeleted(): void {
    for (const [fileName, known] of this.#known) this.#forget(fileName, known);
  }

  /** Ends the watch; what is known stays. */
  [Symbol.dispose](): void {
    this.close?.();
    this.close = undefined;
  }

  /** @returns undefined when it went away meanwhile, or does not say what it is about. */
  async #read(
    path: string,
    fromName: string,
    signature: string,
  ): Promise<{ readonly name: string; readonly version: string } | undefined> {
    const { profileFiles, logger } = this.#context;
    const subject = { store: profileFiles.store, object: path };
    try {
      const bytes = await profileFiles.readBytes(subject, path);
      if (bytes === undefined) return undefined;
      const name = fromName === "" ? nameIn(bytes) : fromName;
      return name === undefined ? undefined : { name, version: versionOf(bytes) };
    } catch (error) {
      // Too large, no permission: it did change, and whoever asks for it learns what is wrong.
      logger.warn("cannot read a profile", { file: path, reason: errorText(error) });
      return fromName === "" ? undefined : { name: fromName, version: signature };
    }
  }

  #forget(fileName: string, known: KnownFile): void {
    this.#known.delete(fileName);
    this.#tell("deleted", known);
  }

  #tell(
    type: ProfileObjectChange["type"],
    { name, version }: { readonly name: string; readonly version: string },
  ): void {
    const { kind, namespace } = this;
    this.#handler.changed({ type, kind, namespace, name, resourceVersion: version });
  }
}

function nameIn(bytes: Buffer): string | undefined {
  try {
    const { metadata } = JSON.parse(bytes.toString("utf8")) as { readonly metadata?: { readonly name?: unknown } };
    return typeof metadata?.name === "string" ? metadata.name : undefined;
  } catch {
    // Half written by hand: its next change is told.
    return undefined;
  }
}
