import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { KeyedMutex, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import {
  parseContainerProfile,
  type ApplicationProfile,
  type ContainerProfile,
  type NetworkNeighborhood,
  type ProfileMetadata,
} from "@kinglet/profile";
import type { ProfileWatchHandler } from "@kinglet/profile-cache";

import { withinBudget, type CallSubject } from "./call-budget.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { MetadataList } from "./metadata-list.ts";
import { outlineOf } from "./outline-of.ts";
import { profileDocument } from "./profile-document.ts";
import { ProfileFiles, type ProfileFilesContext, type StoredFile } from "./profile-files.ts";
import type { ProfileKind } from "./profile-kind.ts";
import { assertNamespace, assertObjectName } from "./profile-path.ts";
import type {
  ProfileStore,
  StoreCallOptions,
  StoreKindOptions,
  StoreWatchOptions,
  UpdateResult,
} from "./profile-store.ts";
import { updateProfile } from "./update-profile.ts";

/** Everything resolved. @internal */
export interface DirectoryProfileStoreContext extends ProfileFilesContext {
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * Profiles as JSON files; made by `openDirectoryProfileStore`, where the guarantees stand.
 *
 * @internal
 */
export class DirectoryProfileStore implements ProfileStore {
  readonly #context: DirectoryProfileStoreContext;
  readonly #files: ProfileFiles;
  readonly #mutex = new KeyedMutex();

  constructor(context: DirectoryProfileStoreContext) {
    this.#context = context;
    this.#files = new ProfileFiles(context);
  }

  getContainerProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ContainerProfile | undefined> {
    return this.#get("ContainerProfile", namespace, name, options).then((stored) => stored?.profile);
  }

  getApplicationProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ApplicationProfile | undefined> {
    return this.#get("ApplicationProfile", namespace, name, options).then((stored) => stored?.profile);
  }

  getNetworkNeighborhood(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<NetworkNeighborhood | undefined> {
    return this.#get("NetworkNeighborhood", namespace, name, options).then((stored) => stored?.profile);
  }

  list(namespace: string, options: StoreKindOptions): Promise<readonly ProfileMetadata[]> {
    const { kind = "ContainerProfile" } = options;
    const whole = { store: this.#files.store, object: `the profiles of ${namespace}` };
    return this.#call(whole, options, async (subject, signal) => {
      assertNamespace(this.#files.store, namespace);
      const { files, logger } = this.#context;
      const found = new MetadataList(subject);
      if (!(await this.#files.hasFolder(kind, namespace))) return found.all();
      const folder = this.#files.folder(kind, namespace);
      for await (const fileName of files.names(folder)) {
        signal.throwIfAborted();
        if (!fileName.endsWith(".json") || fileName.startsWith(".")) continue;
        try {
          const stored = await this.#files.readFile(this.#subject(namespace, fileName), kind, { namespace }, fileName);
          if (stored !== undefined) found.add(stored.profile.metadata);
        } catch (error) {
          // One bad file must not hide the others.
          logger.warn("left out a profile that cannot be read", { file: join(folder, fileName), error });
        }
      }
      return found.all();
    });
  }

  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile> {
    const { namespace, name, resourceVersion } = profile.metadata;
    return this.#call(this.#subject(namespace, name), options, (subject, signal) => {
      assertObjectName(this.#files.store, namespace, name);
      const write = (): Promise<ContainerProfile> => this.#write(subject, profile, resourceVersion);
      return this.#mutex.runExclusive(subject.object, write, { signal });
    });
  }

  update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: StoreCallOptions,
  ): Promise<UpdateResult> {
    const { clock, random } = this.#context;
    const subject = this.#subject(namespace, name);
    const record = {
      subject,
      namespace,
      name,
      read: async () => {
        const stored = await this.#get("ContainerProfile", namespace, name, options);
        return stored === undefined ? undefined : { ...stored, document: outlineOf(stored.document, stored.profile) };
      },
      write: (
        profile: ContainerProfile,
        over: { readonly document: unknown; readonly profile: ContainerProfile } | undefined,
      ) =>
        this.#call(subject, options, (_, signal) => {
          const version = over?.profile.metadata.resourceVersion;
          const write = (): Promise<ContainerProfile> => this.#write(subject, profile, version, over?.document);
          return this.#mutex.runExclusive(subject.object, write, { signal });
        }),
    };
    return updateProfile(record, merge, { signal: options.signal, clock, random });
  }

  delete(namespace: string, name: string, options: StoreKindOptions): Promise<boolean> {
    const { kind = "ContainerProfile" } = options;
    return this.#call(this.#subject(namespace, name), options, (subject, signal) => {
      assertObjectName(this.#files.store, namespace, name);
      const remove = (): Promise<boolean> => this.#files.remove(kind, namespace, name);
      return this.#mutex.runExclusive(subject.object, remove, { signal });
    });
  }

  watchMetadata(handler: ProfileWatchHandler, options: StoreWatchOptions): Promise<void> {
    return new DirectoryWatch({ ...this.#context, profileFiles: this.#files }, handler, options).run();
  }

  #get<K extends ProfileKind>(
    kind: K,
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<StoredFile<K> | undefined> {
    return this.#call(this.#subject(namespace, name), options, (subject) =>
      this.#files.read(subject, kind, namespace, name),
    );
  }

  /** @param over - what is replaced, for what a profile does not have. */
  async #write(
    subject: CallSubject,
    profile: ContainerProfile,
    resourceVersion: string | undefined,
    over?: unknown,
  ): Promise<ContainerProfile> {
    const { namespace, name } = profile.metadata;
    const stored = await this.#files.read(subject, "ContainerProfile", namespace, name);
    if (stored === undefined && resourceVersion !== undefined) throw this.#files.error("NOT_FOUND", subject);
    if (stored !== undefined && resourceVersion !== stored.resourceVersion) {
      throw this.#files.error("CONFLICT", subject);
    }
    const uid = stored === undefined ? randomUUID() : stored.profile.metadata.uid;
    const document = profileDocument(profile, { uid, over });
    const written = await this.#files.write(subject, { namespace, name }, document);
    const { metadata } = parseContainerProfile({ ...withVersion(document, written), spec: {} });
    return { ...profile, metadata };
  }

  #subject(namespace: string, name: string): CallSubject {
    return { store: this.#files.store, object: `${namespace}/${name}` };
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
      const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
      if (options.signal.aborted || typeof code !== "string" || code.startsWith("KINGLET_ERR_")) throw error;
      throw this.#files.error("UNAVAILABLE", { ...subject, problem: (error as Error).message }, error);
    }
  }
}

function withVersion(document: object, resourceVersion: string): object {
  const { metadata } = document as { readonly metadata: object };
  return { ...document, metadata: { ...metadata, resourceVersion } };
}
