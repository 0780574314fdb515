import { hash, randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { createError, type KingletError } from "@kinglet/errors";
import { KeyedMutex, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import { parseContainerProfile, type ContainerProfile, type ProfileMetadata } from "@kinglet/profile";

import { withinBudget, type CallSubject } from "./call-budget.ts";
import { storageErrors, type StorageErrorCode } from "./errors.ts";
import type { FileOperations } from "./file-operations.ts";
import { profileDocument } from "./profile-document.ts";
import { assertNamespace, assertObjectName, profileFileName, temporaryFileName } from "./profile-path.ts";
import type { ProfileStore, StoreCallOptions } from "./profile-store.ts";

/** Everything resolved. @internal */
export interface DirectoryProfileStoreContext {
  readonly path: string;
  readonly maxBytes: number;
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: FileOperations;
}

interface StoredProfile {
  readonly profile: ContainerProfile;
  readonly resourceVersion: string;
}

/**
 * Profiles as JSON files; made by `openDirectoryProfileStore`, where the guarantees stand.
 *
 * @internal
 */
export class DirectoryProfileStore implements ProfileStore {
  readonly #context: DirectoryProfileStoreContext;
  readonly #store: string;
  readonly #mutex = new KeyedMutex();

  constructor(context: DirectoryProfileStoreContext) {
    this.#context = context;
    this.#store = `the directory ${context.path}`;
  }

  getContainerProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ContainerProfile | undefined> {
    return this.#call(this.#subject(namespace, name), options, async (subject) => {
      assertObjectName(this.#store, namespace, name);
      return (await this.#read(subject, namespace, name))?.profile;
    });
  }

  list(namespace: string, options: StoreCallOptions): Promise<readonly ProfileMetadata[]> {
    return this.#call({ store: this.#store, object: `the profiles of ${namespace}` }, options, async (_, signal) => {
      assertNamespace(this.#store, namespace);
      const { files, path, logger } = this.#context;
      const found: ProfileMetadata[] = [];
      if (!(await this.#hasNamespace(namespace))) return found;
      for await (const fileName of files.names(join(path, namespace))) {
        signal.throwIfAborted();
        if (!fileName.endsWith(".json") || fileName.startsWith(".")) continue;
        try {
          const stored = await this.#readFile(this.#subject(namespace, fileName), namespace, fileName);
          if (stored !== undefined) found.push(stored.profile.metadata);
        } catch (error) {
          // One bad file must not hide the others.
          logger.warn("left out a profile that cannot be read", { file: join(path, namespace, fileName), error });
        }
      }
      return found;
    });
  }

  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile> {
    const { namespace, name } = profile.metadata;
    return this.#call(this.#subject(namespace, name), options, (subject, signal) => {
      assertObjectName(this.#store, namespace, name);
      const write = (): Promise<ContainerProfile> => this.#write(subject, profile);
      return this.#mutex.runExclusive(subject.object, write, { signal });
    });
  }

  delete(namespace: string, name: string, options: StoreCallOptions): Promise<boolean> {
    return this.#call(this.#subject(namespace, name), options, (subject, signal) => {
      assertObjectName(this.#store, namespace, name);
      const remove = async (): Promise<boolean> => {
        const { files, path } = this.#context;
        const directory = join(path, namespace);
        if (!(await this.#hasNamespace(namespace))) return false;
        try {
          await files.unlink(join(directory, profileFileName(name)));
        } catch (error) {
          if (errorCode(error) === "ENOENT") return false;
          throw error;
        }
        await files.syncDirectory(directory);
        return true;
      };
      return this.#mutex.runExclusive(subject.object, remove, { signal });
    });
  }

  async #write(subject: CallSubject, profile: ContainerProfile): Promise<ContainerProfile> {
    const { files, path, maxBytes } = this.#context;
    const { namespace, name, resourceVersion } = profile.metadata;
    const stored = await this.#read(subject, namespace, name);
    if (stored === undefined && resourceVersion !== undefined) throw this.#error("NOT_FOUND", subject);
    if (stored !== undefined && resourceVersion !== stored.resourceVersion) throw this.#error("CONFLICT", subject);
    const uid = stored === undefined ? randomUUID() : stored.profile.metadata.uid;
    const document = profileDocument(profile, uid);
    const bytes = Buffer.from(`${JSON.stringify(document, undefined, 1)}\n`);
    if (bytes.length > maxBytes) {
      throw this.#error("TOO_LARGE", { ...subject, problem: `${bytes.length} bytes, at most ${maxBytes}` });
    }
    const directory = join(path, namespace);
    if (await files.createDirectory(directory)) await files.syncDirectory(path);
    const temporary = join(directory, temporaryFileName(name));
    const handle = await files.openForWriting(temporary);
    try {
      await files.write(handle, bytes);
      // Before the rename: otherwise the new name could survive a power failure that the content does not.
      await files.sync(handle);
    } finally {
      await handle.close();
    }
    await files.rename(temporary, join(directory, profileFileName(name)));
    await files.syncDirectory(directory);
    return { ...document, metadata: { ...document.metadata, resourceVersion: versionOf(bytes) } };
  }

  async #read(subject: CallSubject, namespace: string, name: string): Promise<StoredProfile | undefined> {
    if (!(await this.#hasNamespace(namespace))) return undefined;
    const stored = await this.#readFile(subject, namespace, profileFileName(name));
    if (stored !== undefined && stored.profile.metadata.name !== name) {
      const problem = `the file is about ${JSON.stringify(stored.profile.metadata.name)}`;
      throw this.#error("INVALID", { ...subject, problem });
    }
    return stored;
  }

  /** False when there is no such directory. A link in its place is refused: it could lead anywhere. */
  async #hasNamespace(namespace: string): Promise<boolean> {
    const { files, path } = this.#context;
    const subject = { store: this.#store, object: `the namespace ${namespace}` };
    try {
      if (await files.isDirectory(join(path, namespace), { followLinks: false })) return true;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      // A store that went away (unmounted, removed) has not lost its objects.
      if (await files.isDirectory(path, { followLinks: true })) return false;
    }
    throw this.#error("INVALID", { ...subject, problem: "not a directory (links are not followed)" });
  }

  async #readFile(subject: CallSubject, namespace: string, fileName: string): Promise<StoredProfile | undefined> {
    const { files, path } = this.#context;
    let handle: FileHandle;
    try {
      handle = await files.openForReading(join(path, namespace, fileName));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      if (errorCode(error) !== "ELOOP") throw error;
      throw this.#error("INVALID", { ...subject, problem: "it is a link, and links are not followed" }, error);
    }
    try {
      const bytes = await this.#readBounded(subject, handle);
      return { profile: this.#parse(subject, namespace, bytes), resourceVersion: versionOf(bytes) };
    } finally {
      await handle.close();
    }
  }

  async #readBounded(subject: CallSubject, handle: FileHandle): Promise<Buffer> {
    const { maxBytes } = this.#context;
    const stats = await handle.stat();
    if (!stats.isFile()) throw this.#error("INVALID", { ...subject, problem: "not a regular file" });
    const buffer = Buffer.allocUnsafe(Math.min(stats.size, maxBytes) + 1);
    let length = 0;
    // One byte more than the size: a file that grows meanwhile must not be read for ever, nor taken for complete.
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length === buffer.length) {
      const problem = stats.size > maxBytes ? `${stats.size} bytes, at most ${maxBytes}` : "it grows while it is read";
      throw this.#error("TOO_LARGE", { ...subject, problem });
    }
    return buffer.subarray(0, length);
  }

  #parse(subject: CallSubject, namespace: string, bytes: Buffer): ContainerProfile {
    let profile: ContainerProfile;
    try {
      profile = parseContainerProfile(withMetadata(JSON.parse(bytes.toString("utf8")), namespace, versionOf(bytes)));
    } catch (error) {
      // The parser of JSON quotes the content, which may be anything: only the fact is passed on.
      const problem = error instanceof SyntaxError ? "not JSON" : (error as Error).message;
      throw this.#error("INVALID", { ...subject, problem }, error);
    }
    if (profile.metadata.namespace === namespace) return profile;
    const problem = `the file is about the namespace ${JSON.stringify(profile.metadata.namespace)}`;
    throw this.#error("INVALID", { ...subject, problem });
  }

  #subject(namespace: string, name: string): CallSubject {
    return { store: this.#store, object: `${namespace}/${name}` };
  }

  async #call<T>(
    subject: CallSubject,
    options: StoreCallOptions,
    task: (subject: CallSubject, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { callTimeoutMs: timeoutMs, clock } = this.#context;
    try {
      return await withinBudget(subject, { signal: options.signal, timeoutMs, clock }, async (signal) =>
        task(subject, signal),
      );
    } catch (error) {
      const code = errorCode(error);
      if (options.signal.aborted || code === undefined || code.startsWith("KINGLET_ERR_")) throw error;
      throw this.#error("UNAVAILABLE", { ...subject, problem: (error as Error).message }, error);
    }
  }

  #error(
    reason: "NOT_FOUND" | "CONFLICT" | "TOO_LARGE" | "UNAVAILABLE" | "INVALID",
    details: CallSubject & { readonly problem?: string },
    cause?: unknown,
  ): KingletError<StorageErrorCode> {
    const options = cause === undefined ? {} : { cause };
    return createError(storageErrors, `KINGLET_ERR_STORAGE_CLIENT_${reason}`, { ...details }, options);
  }
}

/** Opaque version of a file: its content is what counts, so an edit by hand counts too. */
function versionOf(bytes: Buffer): string {
  return hash("sha256", bytes, "hex").slice(0, 32);
}

/** Fills in what the place of the file says; a namespace that the file itself names is kept, and compared afterwards. */
function withMetadata(document: unknown, namespace: string, resourceVersion: string): unknown {
  if (typeof document !== "object" || document === null) return document;
  const { metadata } = document as { readonly metadata?: unknown };
  if (typeof metadata !== "object" || metadata === null) return document;
  return { ...document, metadata: { namespace, ...metadata, resourceVersion } };
}

function errorCode(error: unknown): string | undefined {
  const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
