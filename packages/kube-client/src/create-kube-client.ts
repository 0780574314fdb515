import { createError, hasCode } from "@kinglet/errors";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { ApiRequester, type ApiCall } from "./api-requester.ts";
import { AnswerFormats, type AnswerFormat, type FormatRequest } from "./answer-format.ts";
import { createStatusError, type RequestPlace } from "./api-error.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import type {
  CallOptions,
  DeleteOptions,
  GetOptions,
  KubeClient,
  KubeList,
  ListEachOptions,
  ListOptions,
  ListResult,
  PatchOptions,
  RawRequest,
  WatchOptions,
  WriteOptions,
} from "./kube-client.ts";
import type { KubeClientOptions } from "./kube-client-options.ts";
import type { WatchEvent } from "./kube-object.ts";
import { assertListOptions, assertWatchOptions } from "./list-option-rules.ts";
import type { ListPage } from "./list-reader.ts";
import { SKIPPED_OBJECTS_TOTAL } from "./metrics.ts";
import { createTransport } from "./negotiated-transport.ts";
import type { CallRate } from "./rate-limit.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { collectionPath, objectPath, requireNamespace, type QueryValues } from "./resource-path.ts";
import { readWatchStream } from "./watch-reader.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRIES = 5;
const DEFAULT_PAGE = 500;
const DEFAULT_PARALLEL_CALLS = 16;
/** Stops a loop that writes in vain before it becomes the server's problem; far above what our applets do. */
const DEFAULT_WRITE_RATE: CallRate = { perSecond: 50, burst: 100 };
/** Longer than the minute between two bookmarks, with room for their jitter. */
const DEFAULT_IDLE_TIMEOUT_MS = 100_000;

const PATCH_TYPES: Readonly<Record<PatchOptions["type"], string>> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/**
 * Makes a client; opens no connection until the first call. Make one per process and cluster: it owns the connections and the
 * table of repeated strings.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when `access.server` is not usable.
 * @public
 */
export function createKubeClient(access: ClusterAccess, options: KubeClientOptions = {}): KubeClient {
  return new JsonKubeClient(access, options);
}

class JsonKubeClient implements KubeClient {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly #requester: ApiRequester;
  readonly #formats: AnswerFormats;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #fieldManager: string | undefined;

  constructor(access: ClusterAccess, options: KubeClientOptions) {
    const { clock = systemClock, metrics = noopMetrics, userAgent = "kinglet" } = options;
    this.server = access.server;
    this.namespace = access.namespace;
    const { logger = noopLogger } = options;
    this.#formats = new AnswerFormats({
      logger,
      skipped: metrics.counter(SKIPPED_OBJECTS_TOTAL),
      asksForJson: options.asksForJson,
    });
    this.#timeoutMs = options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#retries = options.retries ?? DEFAULT_RETRIES;
    this.#fieldManager = options.fieldManager;
    const transport = options.transport ?? createTransport(access, { clock });
    this.#requester = new ApiRequester(access, {
      transport,
      clock,
      metrics,
      userAgent,
      maxParallelCalls: options.maxParallelCalls ?? DEFAULT_PARALLEL_CALLS,
      logger,
      acceptsGzip: options.acceptsGzip === true,
      readRate: options.readRate,
      writeRate: options.writeRate ?? DEFAULT_WRITE_RATE,
    });
  }

  async get<T>(resource: ResourceDefinition, name: string, options: GetOptions = {}): Promise<T> {
    const { namespace, subresource, resourceVersion } = options;
    const path = objectPath(resource, { namespace, name, subresource }, { resourceVersion });
    const { projection } = options;
    const call = { ...this.#call("get", resource, options), method: "GET", path };
    return this.#object(resource, call, { verb: "get", projection });
  }

  async list<T>(resource: ResourceDefinition, options: ListOptions = {}): Promise<KubeList<T>> {
    const items: T[] = [];
    const result = await this.listEach<T>(resource, {
      ...options,
      onItem: (object) => items.push(object),
      onRestart: () => {
        items.length = 0;
      },
    });
    return { ...result, items };
  }

  async listEach<T>(resource: ResourceDefinition, options: ListEachOptions<T>): Promise<ListResult> {
    assertListOptions(options);
    try {
      return await this.#listPages(resource, options, options.limit ?? DEFAULT_PAGE);
    } catch (error) {
      const isLaterPage = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_GONE") && error instanceof PageGone;
      if (!isLaterPage) throw error;
      if (options.onRestart === undefined) throw error.cause;
      options.onRestart();
      return this.#listPages(resource, options, 0);
    }
  }

  async *watch<T>(resource: ResourceDefinition, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = options;
    const { allowBookmarks = true, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options;
    assertWatchOptions(options);
    const path = collectionPath(resource, namespace, {
      watch: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      sendInitialEvents: options.sendInitialEvents,
      resourceVersionMatch: options.resourceVersionMatch,
      timeoutSeconds,
      allowWatchBookmarks: allowBookmarks ? true : undefined,
    });
    const call = { ...this.#call("watch", resource, options), method: "GET", path, retries: 0, isStream: true };
    const format = await this.#formats.prepare(resource, { ...options, verb: "watch" });
    const answer = await format.open(this.#requester, call);
    const { scope, place } = answer;
    scope.limitIdle(idleTimeoutMs, () =>
      createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TIMEOUT", {
        ...place,
        problem: "nothing came over the watch",
        timeoutMs: idleTimeoutMs,
      }),
    );
    try {
      yield* readWatchStream<T>(answer, await format.watch(answer));
    } catch (error) {
      const fault = this.#requester.bodyError(scope, place, error);
      scope.abandon();
      throw fault;
    } finally {
      scope.end();
    }
  }

  async create<T>(resource: ResourceDefinition, object: object, options: WriteOptions = {}): Promise<T> {
    const namespace = options.namespace ?? metadataText(object, "namespace");
    requireNamespace(resource, namespace);
    const path =
      options.subresource === undefined
        ? collectionPath(resource, namespace, writeQuery(options, this.#fieldManager))
        : objectPath(
            resource,
            { namespace, name: metadataText(object, "name") ?? "", subresource: options.subresource },
            writeQuery(options, this.#fieldManager),
          );
    const call = {
      ...this.#call("create", resource, options),
      method: "POST",
      path,
      body: JSON.stringify(object),
    };
    return this.#object(resource, call, { verb: "write", metadataOnly: options.metadataOnly });
  }

  async replace<T>(resource: ResourceDefinition, object: object, options: WriteOptions = {}): Promise<T> {
    const namespace = options.namespace ?? metadataText(object, "namespace");
    const { subresource } = options;
    const name = metadataText(object, "name") ?? "";
    const path = objectPath(resource, { namespace, name, subresource }, writeQuery(options, this.#fieldManager));
    const call = {
      ...this.#call("replace", resource, options),
      method: "PUT",
      path,
      body: JSON.stringify(object),
    };
    return this.#object(resource, call, { verb: "write", metadataOnly: options.metadataOnly });
  }

  async patch<T>(resource: ResourceDefinition, name: string, patch: unknown, options: PatchOptions): Promise<T> {
    const { namespace, subresource, type, force } = options;
    const path = objectPath(
      resource,
      { namespace, name, subresource },
      { ...writeQuery(options, this.#fieldManager), force },
    );
    const call = {
      ...this.#call("patch", resource, options),
      method: "PATCH",
      path,
      body: JSON.stringify(patch),
      contentType: PATCH_TYPES[type],
    };
    return this.#object(resource, call, { verb: "write", metadataOnly: options.metadataOnly });
  }

  async delete(resource: ResourceDefinition, name: string, options: DeleteOptions = {}): Promise<void> {
    const { namespace, propagationPolicy, gracePeriodSeconds, preconditions } = options;
    const path = objectPath(resource, { namespace, name }, {});
    const body = JSON.stringify({ propagationPolicy, gracePeriodSeconds, preconditions });
    await this.#requester.text({
      ...this.#call("delete", resource, options),
      method: "DELETE",
      path,
      ...(body === "{}" ? {} : { body }),
    });
  }

  async request(request: RawRequest): Promise<unknown> {
    const { method, path, body, contentType, accept } = request;
    const { text } = await this.#requester.text({
      verb: method.toLowerCase(),
      resource: "raw",
      method,
      path,
      signal: request.signal,
      timeoutMs: request.timeoutMs ?? this.#timeoutMs,
      retries: this.#retries,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(accept === undefined ? {} : { accept }),
    });
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      // `/healthz`, `/metrics` and logs are plain text.
      return text;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requester[Symbol.asyncDispose]();
  }

  async #listPages<T>(resource: ResourceDefinition, options: ListEachOptions<T>, limit: number): Promise<ListResult> {
    const { namespace, labelSelector, fieldSelector, onItem } = options;
    const format = await this.#formats.prepare(resource, { ...options, verb: "list" });
    let first: ListResult | undefined;
    let token = "";
    let count = 0;
    do {
      const query: QueryValues = {
        labelSelector,
        fieldSelector,
        limit: limit > 0 ? limit : undefined,
        // A continue token carries its version; the server refuses both together.
        ...(token === ""
          ? { resourceVersion: options.resourceVersion, resourceVersionMatch: options.resourceVersionMatch }
          : { continue: token }),
      };
      const call = {
        ...this.#call("list", resource, options),
        method: "GET",
        path: collectionPath(resource, namespace, query),
      };
      if (options.retries !== undefined) call.retries = options.retries;
      let page: ListPage;
      try {
        page = await this.#listPage(call, format, onItem as (object: object) => void);
      } catch (error) {
        if (token !== "" && hasCode(error, "KINGLET_ERR_KUBE_CLIENT_GONE")) throw new PageGone(error);
        throw error;
      }
      count += page.count;
      token = page.continue;
      first ??= { resourceVersion: page.resourceVersion, count: 0, isPaged: token !== "" };
    } while (token !== "");
    return { ...first, count };
  }

  async #listPage(call: ApiCall, format: AnswerFormat, onItem: (object: object) => void): Promise<ListPage> {
    const answer = await format.open(this.#requester, call);
    const { response, scope, place } = answer;
    // What the reader throws is coded, or the caller's own exception: neither is a fault of the connection.
    let isReaderFault = false;
    try {
      const reader = await format.list(answer, onItem);
      for await (const chunk of response.body) {
        isReaderFault = true;
        reader.push(chunk);
        isReaderFault = false;
      }
      return reader.finish();
    } catch (error) {
      const fault = isReaderFault ? error : this.#requester.bodyError(scope, place, error);
      scope.abandon();
      throw fault;
    } finally {
      scope.end();
    }
  }

  /** Sends a call whose answer is one object of the resource. */
  async #object<T>(resource: ResourceDefinition, call: ApiCall, request: FormatRequest): Promise<T> {
    const format = await this.#formats.prepare(resource, request);
    const answer = await format.open(this.#requester, call);
    const bytes = await this.#requester.bytes(answer);
    const { place } = answer;
    const decoded = format.object(answer, bytes);
    if (decoded !== undefined) {
      if (decoded.object === undefined) throw unreadable(place, "an object of another kind, or without metadata");
      return decoded.object as T;
    }
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString("utf8"));
    } catch (error) {
      throw unreadable(place, `HTTP ${answer.response.status} without JSON`, error);
    }
    // A subresource answers with a kind of its own (Scale, Eviction, TokenRequest).
    if ((value as { kind?: unknown } | null)?.kind === "Status")
      throw createStatusError(place, value, { httpStatus: answer.response.status });
    const isOwnKind = format.objects.isKind((value as { kind?: unknown } | null)?.kind);
    const object = isOwnKind ? format.objects.decode(value) : value;
    if (object === undefined) throw unreadable(place, "an object without metadata");
    return object as T;
  }

  #call(
    verb: string,
    resource: ResourceDefinition,
    options: CallOptions,
  ): Pick<ApiCall, "verb" | "resource" | "signal" | "timeoutMs"> & { retries: number } {
    return {
      verb,
      resource: resource.plural,
      signal: options.signal,
      timeoutMs: options.timeoutMs ?? this.#timeoutMs,
      retries: this.#retries,
    };
  }
}

/** Marks a 410 on the second or a later page, which is answered by one full list; never leaves this file. */
class PageGone extends Error {
  readonly code = "KINGLET_ERR_KUBE_CLIENT_GONE";

  constructor(cause: unknown) {
    super("a later page is gone", { cause });
  }
}

function unreadable(place: RequestPlace, problem: string, cause?: unknown): Error {
  return createError(
    kubeClientErrors,
    "KINGLET_ERR_KUBE_CLIENT_RESPONSE",
    { ...place, problem },
    cause === undefined ? {} : { cause },
  );
}

function writeQuery(options: WriteOptions, defaultManager: string | undefined): QueryValues {
  const { fieldManager = defaultManager, fieldValidation, dryRun } = options;
  return { fieldManager, fieldValidation, dryRun: dryRun === true ? "All" : undefined };
}

function metadataText(object: object, key: "name" | "namespace"): string | undefined {
  const { metadata } = object as { readonly metadata?: Readonly<Record<string, unknown>> };
  const value = metadata?.[key];
  return typeof value === "string" ? value : undefined;
}
