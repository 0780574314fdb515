import type { WatchEvent } from "./kube-object.ts";
import type { Projection } from "./projection.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** What every call takes. @public */
export interface CallOptions {
  /** Ends the call at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue the client's `requestTimeoutMs` */
  readonly timeoutMs?: number | undefined;
}

/** Which objects, and how much of them. @public */
export interface SelectOptions extends CallOptions {
  /** Absent: all namespaces. Ignored for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Only fields that the server supports for the kind; another is KINGLET_ERR_KUBE_CLIENT_INVALID. */
  readonly fieldSelector?: string | undefined;
  /** Absent: whole objects without `managedFields`. */
  readonly projection?: Projection | undefined;
  /**
   * Only apiVersion, kind and metadata are sent (PartialObjectMetadata); a server that cannot is asked for whole objects, which are cut down here.
   *
   * @defaultValue false
   */
  readonly metadataOnly?: boolean | undefined;
}

/** @public */
export interface GetOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly projection?: Projection | undefined;
  readonly subresource?: string | undefined;
  /** `"0"`: any cached state will do. Absent: the latest. */
  readonly resourceVersion?: string | undefined;
}

/** @public */
export interface ListOptions extends SelectOptions {
  /** Objects per request, every page is fetched; 0 asks for all in one answer. @defaultValue 500 */
  readonly limit?: number | undefined;
  /** Absent: consistent. `"0"`: any cached state, cheapest for the server. `"N"`: not older than N. */
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan" | undefined;
  /** Further attempts per request when the server asks for one. @defaultValue the client's `retries` */
  readonly retries?: number | undefined;
}

/** @public */
export interface ListEachOptions<T> extends ListOptions {
  /** Called for each object in the order of the server (by name), while the answer still arrives. Must not throw lightly: a throw ends the listing. */
  readonly onItem: (object: T) => void;
  /**
   * The listing begins anew because the server no longer had the rest of it: everything delivered so far comes again, in a newer state. Without this
   * call-back such a listing fails with KINGLET_ERR_KUBE_CLIENT_GONE.
   */
  readonly onRestart?: (() => void) | undefined;
}

/** @public */
export interface ListResult {
  /** State of the collection that was listed; where a watch goes on from. */
  readonly resourceVersion: string;
  /** Objects delivered. */
  readonly count: number;
  /** The server answered in pages. */
  readonly isPaged: boolean;
}

/** @public */
export interface KubeList<T> extends ListResult {
  readonly items: readonly T[];
}

/** @public */
export interface WatchOptions extends SelectOptions {
  /** Changes after this state are sent. Absent or `"0"`: first an ADDED for each existing object, in no order of versions. */
  readonly resourceVersion?: string | undefined;
  /**
   * A streaming list: first an ADDED for each object of a state not older than `resourceVersion` (absent: the latest), then a BOOKMARK with
   * `endsInitialEvents`, then the changes. Needs `resourceVersionMatch: "NotOlderThan"`. Servers that cannot answer KINGLET_ERR_KUBE_CLIENT_INVALID.
   */
  readonly sendInitialEvents?: boolean | undefined;
  readonly resourceVersionMatch?: "NotOlderThan" | undefined;
  /** How long the server keeps the stream open, seconds. Absent: the server decides (30–60 min). */
  readonly timeoutSeconds?: number | undefined;
  /** Asks for BOOKMARK events, about one a minute. @defaultValue true */
  readonly allowBookmarks?: boolean | undefined;
  /** The stream is given up with KINGLET_ERR_KUBE_CLIENT_TIMEOUT when no byte has come for this long. @defaultValue 100_000 */
  readonly idleTimeoutMs?: number | undefined;
}

/** @public */
export interface WriteOptions extends CallOptions {
  /** @defaultValue the object's own namespace */
  readonly namespace?: string | undefined;
  readonly subresource?: string | undefined;
  /** Who owns the fields; up to 128 printable characters. */
  readonly fieldManager?: string | undefined;
  /** What the server does with unknown or duplicate fields. */
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict" | undefined;
  /** Checks everything, stores nothing. */
  readonly dryRun?: boolean | undefined;
  /**
   * The answer is apiVersion, kind and metadata alone: what was written need not come back whole. A server that cannot sends all of it, which is cut
   * down here.
   *
   * @defaultValue false
   */
  readonly metadataOnly?: boolean | undefined;
}

/** @public */
export interface PatchOptions extends WriteOptions {
  /** `merge` and `json` work for every kind, `strategic` for built-in kinds, `apply` is server-side apply and needs `fieldManager`. */
  readonly type: "merge" | "json" | "strategic" | "apply";
  /** `apply` only: takes fields over from other managers. */
  readonly force?: boolean | undefined;
}

/** @public */
export interface DeleteOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan" | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  /** Deletes only this incarnation or state; otherwise KINGLET_ERR_KUBE_CLIENT_CONFLICT. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
}

/** @public */
export interface RawRequest extends CallOptions {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with query, e.g. `/version`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
}

/**
 * A Kubernetes API server. Lists and watches of built-in kinds travel as protobuf, everything else as JSON; the objects are the same.
 *
 * Guarantees: every failure is a coded error of this package (or the reason of the caller's signal); every call but `watch` ends within its time limit;
 * a write is sent at most once unless the server said that it did nothing (429 or 5xx with `Retry-After`, 401).
 * Objects carry `metadata.{name,namespace,uid,resourceVersion}`, `apiVersion` and `kind` (with a projection: when named there); reading and watching
 * give the same shapes. Not guaranteed: that the type parameter fits what the server stores.
 *
 * @public
 */
export interface KubeClient extends AsyncDisposable {
  /** Base URL. */
  readonly server: string;
  /** Namespace of the kubeconfig context or pod. */
  readonly namespace: string | undefined;

  /** One object. @throws KINGLET_ERR_KUBE_CLIENT_NOT_FOUND when there is none. */
  get<T>(resource: ResourceDefinition, name: string, options?: GetOptions): Promise<T>;

  /** All matching objects, page by page, in memory. */
  list<T>(resource: ResourceDefinition, options?: ListOptions): Promise<KubeList<T>>;

  /** All matching objects one by one; memory holds one object and one network chunk, however the server pages. */
  listEach<T>(resource: ResourceDefinition, options: ListEachOptions<T>): Promise<ListResult>;

  /**
   * One watch stream, in order, until the server ends it (the iteration ends) or it fails (the iteration throws; an ERROR event is thrown as the error
   * of its Status). Objects that are not of the kind are left out and counted. Nothing is read ahead beyond one network chunk. It is not resumed:
   * use `createInformer` for that.
   */
  watch<T>(resource: ResourceDefinition, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;

  /** @throws KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS */
  create<T>(resource: ResourceDefinition, object: object, options?: WriteOptions): Promise<T>;

  /** Replaces the object of the same name. With `metadata.resourceVersion` only that state. @throws KINGLET_ERR_KUBE_CLIENT_CONFLICT */
  replace<T>(resource: ResourceDefinition, object: object, options?: WriteOptions): Promise<T>;

  patch<T>(resource: ResourceDefinition, name: string, patch: unknown, options: PatchOptions): Promise<T>;

  /** Resolves when the server has accepted; finalizers and grace periods may keep the object for a while. */
  delete(resource: ResourceDefinition, name: string, options?: DeleteOptions): Promise<void>;

  /** Any request. Resolves to the parsed answer, the text when it is not JSON, `undefined` when empty. */
  request(request: RawRequest): Promise<unknown>;
}
