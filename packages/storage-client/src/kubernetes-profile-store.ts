import { createError } from "@kinglet/errors";
import type { KubeClient } from "@kinglet/kube-client";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { ApplicationProfile, ContainerProfile, NetworkNeighborhood, ProfileMetadata } from "@kinglet/profile";
import type { ProfileWatchHandler } from "@kinglet/profile-cache";

import { withinBudget, type CallSubject } from "./call-budget.ts";
import { storageErrors } from "./errors.ts";
import { isMissingObject, isMissingResource, toStorageError } from "./kubernetes-error.ts";
import { MetadataList } from "./metadata-list.ts";
import { outlineOf } from "./outline-of.ts";
import { parseStored, type StoredKinds } from "./parse-stored.ts";
import { jsonBytes } from "./json-bytes.ts";
import { profileDocument } from "./profile-document.ts";
import { profileResource } from "./profile-kind.ts";
import type {
  ProfileStore,
  StoreCallOptions,
  StoreKindOptions,
  StoreWatchOptions,
  UpdateResult,
} from "./profile-store.ts";
import { ServedKinds } from "./served-kinds.ts";
import { updateProfile, type StoredProfile } from "./update-profile.ts";
import { loadKubernetesProfileWatch } from "./watch/lazy.ts";

const STORE = "the Kubernetes API";
/** What `list` shows; nothing else travels, or is dropped while the answer is decoded. */
const METADATA = { paths: ["metadata.annotations", "metadata.labels"] };

/** Everything resolved. @internal */
export interface KubernetesProfileStoreContext {
  readonly client: KubeClient;
  readonly callTimeoutMs: number;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * Profiles at a Kubernetes API; made by `createKubernetesProfileStore`, where the guarantees stand.
 *
 * @internal
 */
export class KubernetesProfileStore implements ProfileStore {
  readonly #context: KubernetesProfileStoreContext;
  readonly #served: ServedKinds;

  constructor(context: KubernetesProfileStoreContext) {
    this.#context = context;
    this.#served = new ServedKinds(context.client, context.clock);
  }

  getContainerProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ContainerProfile | undefined> {
    const subject = subjectOf(namespace, name);
    return this.#call(
      subject,
      options,
      async (signal) => (await this.#read(subject, namespace, name, signal))?.profile,
    );
  }

  getApplicationProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ApplicationProfile | undefined> {
    return this.#getAuthored("ApplicationProfile", namespace, name, options);
  }

  getNetworkNeighborhood(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<NetworkNeighborhood | undefined> {
    return this.#getAuthored("NetworkNeighborhood", namespace, name, options);
  }

  list(namespace: string, options: StoreKindOptions): Promise<readonly ProfileMetadata[]> {
    const subject = { store: STORE, object: `the profiles of ${namespace}` };
    const resource = profileResource(options.kind ?? "ContainerProfile");
    return this.#call(subject, options, async (signal) => {
      const found = new MetadataList(subject);
      await this.#context.client.listEach<{ readonly metadata: ProfileMetadata }>(resource, {
        namespace,
        projection: METADATA,
        metadataOnly: true,
        signal,
        onItem: ({ metadata }) => found.add(metadata),
        onRestart: () => found.clear(),
      });
      return found.all();
    });
  }

  put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile> {
    const { namespace, name, uid, resourceVersion } = profile.metadata;
    const subject = subjectOf(namespace, name);
    const version = resourceVersion === undefined ? undefined : { uid, resourceVersion, over: undefined };
    return this.#call(subject, options, (signal) => this.#write(subject, profile, version, signal));
  }

  update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: StoreCallOptions,
  ): Promise<UpdateResult> {
    const { clock, random } = this.#context;
    const subject = subjectOf(namespace, name);
    const read = (): Promise<StoredProfile | undefined> =>
      this.#call(subject, options, (signal) => this.#read(subject, namespace, name, signal));
    const write = (profile: ContainerProfile, over: StoredProfile | undefined): Promise<ContainerProfile> =>
      this.#call(subject, options, (signal) => {
        const version = over === undefined ? undefined : { ...over.profile.metadata, over: over.document };
        return this.#write(subject, profile, version, signal);
      });
    return updateProfile({ subject, namespace, name, read, write }, merge, { signal: options.signal, clock, random });
  }

  delete(namespace: string, name: string, options: StoreKindOptions): Promise<boolean> {
    const resource = profileResource(options.kind ?? "ContainerProfile");
    return this.#call(subjectOf(namespace, name), options, async (signal) => {
      try {
        await this.#context.client.delete(resource, name, { namespace, signal });
        return true;
      } catch (error) {
        if (isMissingObject(error)) return false;
        throw error;
      }
    });
  }

  async watchMetadata(handler: ProfileWatchHandler, options: StoreWatchOptions): Promise<void> {
    const { watchKubernetesProfiles } = await loadKubernetesProfileWatch();
    return watchKubernetesProfiles({ ...this.#context, served: this.#served }, handler, options);
  }

  async #getAuthored<K extends "ApplicationProfile" | "NetworkNeighborhood">(
    kind: K,
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<StoredKinds[K] | undefined> {
    // Definitions of before there were these kinds: no request for each container, and nothing can be hidden.
    if (this.#served.isKnownMissing(kind)) return undefined;
    const subject = subjectOf(namespace, name);
    return this.#call(subject, options, async (signal) => {
      try {
        const document = await this.#context.client.get<unknown>(profileResource(kind), name, { namespace, signal });
        return parseStored(subject, kind, document, { namespace, name });
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        if (isMissingResource(error) && (await this.#served.isMissing(kind, signal))) return undefined;
        throw error;
      }
    });
  }

  async #read(
    subject: CallSubject,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<StoredProfile | undefined> {
    let document: unknown;
    try {
      document = await this.#context.client.get<unknown>(profileResource("ContainerProfile"), name, {
        namespace,
        signal,
      });
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw error;
    }
    const profile = parseStored(subject, "ContainerProfile", document, { namespace, name });
    return { profile, document: outlineOf(document, profile) };
  }

  /**
   * What is written does not come back: the server tells its metadata alone.
   *
   * @param version - of the object that is replaced; absent: it is created.
   */
  async #write(
    subject: CallSubject,
    profile: ContainerProfile,
    version:
      | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined; readonly over: unknown }
      | undefined,
    signal: AbortSignal,
  ): Promise<ContainerProfile> {
    const { client, maxBytes } = this.#context;
    const { namespace, name } = profile.metadata;
    const document = profileDocument(profile, version) as { readonly metadata: object };
    const bytes = jsonBytes(document);
    if (bytes > maxBytes) {
      const problem = `${bytes} bytes, at most ${maxBytes}`;
      throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE", { ...subject, problem });
    }
    const resource = profileResource("ContainerProfile");
    const write = { namespace, signal, metadataOnly: true };
    const answer =
      version === undefined
        ? await client.create<object>(resource, document, write)
        : await client.replace<object>(
            resource,
            { ...document, metadata: { ...document.metadata, resourceVersion: version.resourceVersion } },
            write,
          );
    const { metadata } = parseStored(subject, "ContainerProfile", answer, { namespace, name });
    return { ...profile, metadata };
  }

  async #call<T>(
    subject: CallSubject,
    options: StoreCallOptions,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { callTimeoutMs: timeoutMs, clock } = this.#context;
    try {
      return await withinBudget(subject, { signal: options.signal, timeoutMs, clock }, task);
    } catch (error) {
      if (options.signal.aborted) throw error;
      throw toStorageError(subject, error);
    }
  }
}

function subjectOf(namespace: string, name: string): CallSubject {
  return { store: STORE, object: `${namespace}/${name}` };
}
