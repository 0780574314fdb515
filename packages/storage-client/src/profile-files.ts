import { hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { createError, type KingletError } from "@kinglet/errors";

import type { CallSubject } from "./call-budget.ts";
import { storageErrors, type StorageErrorCode } from "./errors.ts";
import type { FileOperations } from "./file-operations.ts";
import { parseStored, type StoredKinds } from "./parse-stored.ts";
import type { ProfileKind } from "./profile-kind.ts";
import { assertObjectName, kindFolder, profileFileName, temporaryFileName } from "./profile-path.ts";

/** Where the files are. @internal */
export interface ProfileFilesContext {
  /** Without links. */
  readonly path: string;
  readonly maxBytes: number;
  readonly files: FileOperations;
}

/** A file as it was read. @internal */
export interface StoredFile<K extends ProfileKind> {
  readonly profile: StoredKinds[K];
  /** The JSON of it. */
  readonly document: unknown;
  readonly resourceVersion: string;
}

/**
 * Reads and writes one file for each object: bounded, without following links, whole or not at all.
 *
 * @internal
 */
export class ProfileFiles {
  readonly store: string;
  readonly #context: ProfileFilesContext;

  constructor(context: ProfileFilesContext) {
    this.#context = context;
    this.store = `the directory ${context.path}`;
  }

  /** Folder of a kind in a namespace; the namespace's own for container profiles. */
  folder(kind: ProfileKind, namespace: string): string {
    return join(this.#context.path, namespace, kindFolder(kind));
  }

  /** @throws `…_INVALID` for names that are none, and when the file is about something else. */
  async read<K extends ProfileKind>(
    subject: CallSubject,
    kind: K,
    namespace: string,
    name: string,
  ): Promise<StoredFile<K> | undefined> {
    assertObjectName(this.store, namespace, name);
    if (!(await this.hasFolder(kind, namespace))) return undefined;
    return this.readFile(subject, kind, { namespace, name }, profileFileName(name));
  }

  /** @param place - `name`: the one that the file must be about. */
  async readFile<K extends ProfileKind>(
    subject: CallSubject,
    kind: K,
    place: { readonly namespace: string; readonly name?: string },
    fileName: string,
  ): Promise<StoredFile<K> | undefined> {
    const bytes = await this.readBytes(subject, join(this.folder(kind, place.namespace), fileName));
    if (bytes === undefined) return undefined;
    const resourceVersion = versionOf(bytes);
    const document = this.#document(subject, place.namespace, bytes, resourceVersion);
    return { profile: parseStored(subject, kind, document, place), document, resourceVersion };
  }

  /** Content of a file; undefined when there is none. */
  async readBytes(subject: CallSubject, path: string): Promise<Buffer | undefined> {
    let handle: FileHandle;
    try {
      handle = await this.#context.files.openForReading(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      if (errorCode(error) !== "ELOOP") throw error;
      throw this.error("INVALID", { ...subject, problem: "it is a link, and links are not followed" }, error);
    }
    try {
      return await this.#readBounded(subject, handle);
    } finally {
      await handle.close();
    }
  }

  /**
   * Puts a container profile in the place of what is there.
   *
   * @returns the new version.
   */
  async write(
    subject: CallSubject,
    place: { readonly namespace: string; readonly name: string },
    document: object,
  ): Promise<string> {
    const { files, path, maxBytes } = this.#context;
    const bytes = Buffer.from(`${JSON.stringify(document, undefined, 1)}\n`);
    if (bytes.length > maxBytes) {
      throw this.error("TOO_LARGE", { ...subject, problem: `${bytes.length} bytes, at most ${maxBytes}` });
    }
    const directory = join(path, place.namespace);
    await files.createDirectory(directory);
    // Each time: whoever made the folder, another writer or a process that was killed, may not have come to this.
    await files.syncDirectory(path);
    const temporary = join(directory, temporaryFileName(place.name));
    const handle = await files.openForWriting(temporary);
    try {
      await files.write(handle, bytes);
      // Before the rename: otherwise the new name could survive a power failure that the content does not.
      await files.sync(handle);
    } finally {
      await handle.close();
    }
    await files.rename(temporary, join(directory, profileFileName(place.name)));
    await files.syncDirectory(directory);
    return versionOf(bytes);
  }

  /** @returns false when there was no such file. */
  async remove(kind: ProfileKind, namespace: string, name: string): Promise<boolean> {
    assertObjectName(this.store, namespace, name);
    const { files } = this.#context;
    if (!(await this.hasFolder(kind, namespace))) return false;
    const directory = this.folder(kind, namespace);
    try {
      await files.unlink(join(directory, profileFileName(name)));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
    await files.syncDirectory(directory);
    return true;
  }

  /** False when there is no such folder. A link in its place is refused: it could lead anywhere. */
  async hasFolder(kind: ProfileKind, namespace: string): Promise<boolean> {
    const subject = { store: this.store, object: `the namespace ${namespace}` };
    const namespaceFolder = join(this.#context.path, namespace);
    if (!(await this.#hasDirectory(subject, namespaceFolder))) return false;
    const folder = this.folder(kind, namespace);
    return folder === namespaceFolder || this.#hasDirectory(subject, folder);
  }

  async #hasDirectory(subject: CallSubject, directory: string): Promise<boolean> {
    const { files, path } = this.#context;
    try {
      if (await files.isDirectory(directory, { followLinks: false })) return true;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      // A store that went away (unmounted, removed) has not lost its objects.
      if (await files.isDirectory(path, { followLinks: true })) return false;
    }
    throw this.error("INVALID", { ...subject, problem: "not a directory (links are not followed)" });
  }

  async #readBounded(subject: CallSubject, handle: FileHandle): Promise<Buffer> {
    const { maxBytes } = this.#context;
    const stats = await handle.stat();
    if (!stats.isFile()) throw this.error("INVALID", { ...subject, problem: "not a regular file" });
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
      throw this.error("TOO_LARGE", { ...subject, problem });
    }
    return buffer.subarray(0, length);
  }

  /** Fills in what the place of the file says; a namespace that the file itself names is kept, and compared afterwards. */
  #document(subject: CallSubject, namespace: string, bytes: Buffer, resourceVersion: string): unknown {
    let document: unknown;
    try {
      document = JSON.parse(bytes.toString("utf8"));
    } catch (error) {
      // The parser of JSON quotes the content, which may be anything: only the fact is passed on.
      throw this.error("INVALID", { ...subject, problem: "not JSON" }, error);
    }
    if (typeof document !== "object" || document === null) return document;
    const { metadata } = document as { readonly metadata?: unknown };
    if (typeof metadata !== "object" || metadata === null) return document;
    return { ...document, metadata: { namespace, ...metadata, resourceVersion } };
  }

  error(
    reason: "NOT_FOUND" | "CONFLICT" | "TOO_LARGE" | "UNAVAILABLE" | "INVALID",
    details: CallSubject & { readonly problem?: string },
    cause?: unknown,
  ): KingletError<StorageErrorCode> {
    const options = cause === undefined ? {} : { cause };
    return createError(storageErrors, `KINGLET_ERR_STORAGE_CLIENT_${reason}`, { ...details }, options);
  }
}

/** Opaque version of a file: its content is what counts, so an edit by hand counts too. @internal */
export function versionOf(bytes: Buffer): string {
  return hash("sha256", bytes, "hex").slice(0, 32);
}

function errorCode(error: unknown): string | undefined {
  const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
