import { createError, hasCode, type KingletError } from "@kinglet/errors";
import { containerProfiles, type KubeClient } from "@kinglet/kube-client";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { parseContainerProfile, type ContainerProfile, type ProfileMetadata } from "@kinglet/profile";

import { withinBudget, type CallSubject } from "./call-budget.ts";
import { storageErrors, type StorageErrorCode } from "./errors.ts";
import { profileDocument } from "./profile-document.ts";
import type { ProfileStore, StoreCallOptions } from "./profile-store.ts";

const STORE = "the Kubernetes API";
/** What `list` shows; everything else is dropped while the answer is decoded. */
const METADATA = { paths: ["metadata.annotations", "metadata.labels"] };

/** Options of {@link createKubernetesProfileStore}. @public */
export interface KubernetesProfileStoreOptions {
  /**
   * Budget of one call with its retries, milliseconds, 1 or more.
   * @defaultValue 5000
   */
  readonly callTimeoutMs?: number;
  /** @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * Keeps profiles as ContainerProfile objects at the Kubernetes API, be it a custom resource or an aggregated API.
 *
 * Guarantees: those of {@link ProfileStore}. A 404 counts as "does not exist" only when the server says so of the object; while
 * the kind itself is not served the store is unavailable, so that an API service that restarts does not empty caches.
 *
 * @param client - stays the caller's; it is not disposed of.
 *
 * @public
 */
export function createKubernetesProfileStore(
  client: KubeClient,
  options: KubernetesProfileStoreOptions = {},
): ProfileStore {
  return new KubernetesProfileStore(client, options);
}

class KubernetesProfileStore implements ProfileStore {
  readonly #client: KubeClient;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(client: KubeClient, options: KubernetesProfileStoreOptions) {
    this.#client = client;
    this.#timeoutMs = options.callTimeoutMs ?? 5_000;
    this.#clock = options.clock ?? systemClock;
  }

  getContainerProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ContainerProfile | undefined> {
    const subject = { store: STORE, object: `${namespace}/${name}` };
    return this.#call(subject, options, async (signal) => {
      let document: unknown;
      try {
        document = await this.#client.get<unknown>(containerProfiles, name, { namespace, signal });
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        throw error;
      }
      return readProfile(subject, document);
    });
  }

  list(namespace: string, options: StoreCallOptions): Promise<readonly ProfileMetadata[]> {
    return this.#call({ store: STORE, object: `the profiles of ${namespace}` }, options, async (signal) => {
      const found: ProfileMetadata[] = [];
      await this.#client.listEach<{ readonly metadata: ProfileMetadata }>(containerProfiles, {
        namespace,
        projection: METADATA,
        signal,
        onItem: (object) => found.push(object.metadata),
        onRestart: () => {
          found.length = 0;
        },
      });
      return found;
    });
  }

  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile> {
    const { namespace, name, uid, resourceVersion } = profile.metadata;
    const subject = { store: STORE, object: `${namespace}/${name}` };
    return this.#call(subject, options, async (signal) => {
      const write = { namespace, signal };
      if (resourceVersion === undefined) {
        const document = profileDocument(profile, undefined);
        return readProfile(subject, await this.#client.create<unknown>(containerProfiles, document, write));
      }
      const document = profileDocument(profile, uid);
      const versioned = { ...document, metadata: { ...document.metadata, resourceVersion } };
      return readProfile(subject, await this.#client.replace<unknown>(containerProfiles, versioned, write));
    });
  }

  delete(namespace: string, name: string, options: StoreCallOptions): Promise<boolean> {
    return this.#call({ store: STORE, object: `${namespace}/${name}` }, options, async (signal) => {
      try {
        await this.#client.delete(containerProfiles, name, { namespace, signal });
        return true;
      } catch (error) {
        if (isMissingObject(error)) return false;
        throw error;
      }
    });
  }

  async #call<T>(
    subject: CallSubject,
    options: StoreCallOptions,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      const budget = { signal: options.signal, timeoutMs: this.#timeoutMs, clock: this.#clock };
      return await withinBudget(subject, budget, task);
    } catch (error) {
      if (options.signal.aborted) throw error;
      throw toStorageError(subject, error);
    }
  }
}

function readProfile(subject: CallSubject, document: unknown): ContainerProfile {
  try {
    return parseContainerProfile(document);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", { ...subject, problem }, { cause: error });
  }
}

/** True when the server knows the kind and says that this object is not there. */
function isMissingObject(error: unknown): boolean {
  return (
    hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND") &&
    error instanceof Error &&
    (error as KingletError).details["reason"] === "NotFound"
  );
}

function toStorageError(subject: CallSubject, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  if (!error.code.startsWith("KINGLET_ERR_KUBE_CLIENT_")) return error;
  const details = { ...subject, problem: error.message };
  return createError(storageErrors, storageCode(error.code, error), details, { cause: error });
}

function storageCode(code: string, error: Error): StorageErrorCode {
  const { details = {} } = error as Partial<KingletError>;
  // 413 from the API server, or etcd's own limit, which arrives as a server error.
  if (details["status"] === 413 || code.endsWith("_TOO_LARGE") || /request is too large/i.test(error.message)) {
    return code.endsWith("_VERSION_TOO_LARGE")
      ? "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE"
      : "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE";
  }
  switch (code) {
    case "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND":
      return isMissingObject(error) ? "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND" : "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE";
    case "KINGLET_ERR_KUBE_CLIENT_CONFLICT":
    case "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS":
      return "KINGLET_ERR_STORAGE_CLIENT_CONFLICT";
    case "KINGLET_ERR_KUBE_CLIENT_INVALID":
    case "KINGLET_ERR_KUBE_CLIENT_ARGUMENT":
      return "KINGLET_ERR_STORAGE_CLIENT_INVALID";
    default:
      return "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE";
  }
}
