import { createError, hasCode, type KingletError } from "@kinglet/errors";
import { sleep, untilAborted, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import { createStatusError, createTransportError, readSeconds, type RequestPlace } from "./api-error.ts";
import { isProtobuf } from "./media-type.ts";
import { CallSlots } from "./call-slots.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { detailsOf } from "./error-details.ts";
import { kubeClientErrors, type KubeClientErrorCode } from "./errors.ts";
import { loadProtobufStreams } from "./lazy.ts";
import { loadGunzipBody, loadWarningLog } from "./lazy.ts";
import { REQUESTS_TOTAL } from "./metrics.ts";
import type { OpenAnswer } from "./open-answer.ts";
import { RateLimit, type CallRate } from "./rate-limit.ts";
import { RequestScope } from "./request-scope.ts";
import type { KubeTransport, TransportResponse } from "./transport.ts";
import type { WarningLog } from "./warning-log.ts";

/** One call of the API. */
export interface ApiCall {
  /** For metrics. */
  readonly verb: string;
  /** For metrics: the plural. */
  readonly resource: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Further attempts after an answer that asks for one, or (reading only) a lost connection. */
  readonly retries: number;
  /** Stays open for long, so it takes no slot of the calls that may run at a time. */
  readonly isStream?: boolean;
}

/** Bodies read as a whole: an object is at most about 1.5 MB stored, 3 MiB in a request. */
const MAX_BODY_BYTES = 33_554_432;
const MAX_ERROR_BODY_BYTES = 1_048_576;
/** Who is asked to come back later than this is told so instead. The server's own queues ask for at most 32 s. */
const MAX_RETRY_WAIT_MS = 60_000;

/**
 * Sends calls: credentials, time limits, typed errors, the retries that are always safe, and counting.
 *
 * Tries again (within `retries`) what names a `Retry-After` of at most 60 s, after that long: 429, and for reading calls 5xx; 401 once, when the
 * token can be renewed and was; a reading call whose kept connection turned out closed. Never a write that may have been carried out: a 5xx does not say.
 */
export class ApiRequester {
  readonly #access: ClusterAccess;
  readonly #transport: KubeTransport;
  readonly #clock: Clock;
  readonly #requests: Counter<"verb" | "resource" | "code">;
  readonly #baseHeaders: Readonly<Record<string, string | string[]>>;
  readonly #slots: CallSlots;
  readonly #closed = new AbortController();
  readonly #logger: Logger;
  readonly #readLimit: RateLimit | undefined;
  readonly #writeLimit: RateLimit | undefined;
  #warnings: Promise<WarningLog> | undefined;

  constructor(
    access: ClusterAccess,
    options: {
      readonly transport: KubeTransport;
      readonly clock: Clock;
      readonly metrics: Metrics;
      readonly userAgent: string;
      readonly maxParallelCalls: number;
      readonly logger?: Logger;
      readonly acceptsGzip?: boolean;
      readonly readRate?: CallRate | undefined;
      readonly writeRate?: CallRate | undefined;
    },
  ) {
    this.#access = access;
    this.#transport = options.transport;
    this.#slots = new CallSlots(options.maxParallelCalls);
    this.#clock = options.clock;
    this.#requests = options.metrics.counter(REQUESTS_TOTAL);
    this.#logger = options.logger ?? noopLogger;
    if (options.readRate !== undefined) this.#readLimit = new RateLimit(options.readRate, options.clock);
    if (options.writeRate !== undefined) this.#writeLimit = new RateLimit(options.writeRate, options.clock);
    this.#baseHeaders = {
      "user-agent": options.userAgent,
      // The API server compresses only when asked. Inflating costs memory of ours: README.md has the measurement.
      "accept-encoding": options.acceptsGzip === true ? "gzip" : "identity",
      ...impersonationHeaders(access),
    };
  }

  /** Sends a call and returns once the head of an answer below 400 is there. @throws every code of an API or transport error. */
  async open(call: ApiCall): Promise<OpenAnswer> {
    let renewedToken = false;
    for (let attempt = 0; ; attempt++) {
      const token = await this.#token(call.signal);
      try {
        return await this.#attempt(call, token);
      } catch (error) {
        if (
          hasCode(error, "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED") &&
          !renewedToken &&
          (await this.#renew(token, call.signal))
        ) {
          // 401 means that nothing was done, so any verb may go again.
          renewedToken = true;
          continue;
        }
        const delayMs = attempt < call.retries ? retryDelayMs(error, call, attempt) : undefined;
        if (delayMs === undefined) throw error;
        this.#logSlowDown(error, delayMs);
        await sleep(delayMs, { clock: this.#clock, ...(call.signal === undefined ? {} : { signal: call.signal }) });
      }
    }
  }

  /** Sends a call and reads the whole answer as text. */
  async text(call: ApiCall): Promise<{ readonly status: number; readonly text: string; readonly place: RequestPlace }> {
    const answer = await this.open(call);
    const bytes = await this.bytes(answer);
    return { status: answer.response.status, text: bytes.toString("utf8"), place: answer.place };
  }

  /** Reads the whole of an answer and ends it. @throws KINGLET_ERR_KUBE_CLIENT_TOO_LARGE, or as a connection fails. */
  async bytes({ response, scope, place }: OpenAnswer): Promise<Buffer> {
    try {
      return await readBytes(response.body, MAX_BODY_BYTES, "the answer");
    } catch (error) {
      throw this.bodyError(scope, place, error);
    } finally {
      scope.end();
    }
  }

  /** What went wrong while a body was read: the caller's abort, the time limit, or the connection. */
  bodyError(scope: RequestScope, place: RequestPlace, error: unknown): unknown {
    if (scope.signal.aborted) return scope.signal.reason;
    return createTransportError(place, error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#transport[Symbol.asyncDispose]();
  }

  async #attempt(call: ApiCall, token: string | undefined): Promise<OpenAnswer> {
    const place: RequestPlace = { method: call.method, path: call.path, server: this.#access.server };
    if (this.#closed.signal.aborted) {
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
        what: "request",
        problem: "the client is closed",
      });
    }
    // Watches are not limited: there are few, and they have waits of their own.
    if (call.isStream !== true) {
      await (call.method === "GET" ? this.#readLimit : this.#writeLimit)?.take(call.signal);
    }
    const release = call.isStream === true ? (): void => {} : await this.#slots.take(call.signal);
    const scope = new RequestScope(call.signal, this.#clock, release);
    scope.limit(call.timeoutMs, () =>
      createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TIMEOUT", {
        ...place,
        problem: "no complete answer",
        timeoutMs: call.timeoutMs,
      }),
    );
    try {
      const response = await this.#transport.send({
        method: call.method,
        path: call.path,
        headers: this.#headers(call, token),
        signal: scope.signal,
        ...(call.isStream === true ? { isStream: true } : {}),
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      this.#count(call, String(response.status));
      this.#noteWarnings(response, place);
      const decoded = await decode(response, place);
      if (response.status >= 300) throw await readStatusError(place, decoded);
      return { response: decoded, scope, place };
    } catch (error) {
      if ("status" in detailsOf(error)) {
        scope.end();
        throw error;
      }
      const fault = this.bodyError(scope, place, error);
      scope.abandon();
      this.#count(call, resultOf(fault, call.signal));
      throw fault;
    }
  }

  /** Overload is logged with the flow that was limited, so that its FlowSchema can be found. */
  #logSlowDown(error: unknown, delayMs: number): void {
    if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS")) return;
    const { method, path, flowSchemaUid, priorityLevelUid } = detailsOf(error);
    this.#logger.info("the API server asks to slow down", { method, path, flowSchemaUid, priorityLevelUid, delayMs });
  }

  #noteWarnings(response: TransportResponse, place: RequestPlace): void {
    const header = response.headers["warning"];
    if (header === undefined) return;
    this.#warnings ??= loadWarningLog().then(({ WarningLog }) => new WarningLog(this.#logger));
    // A warning that cannot be logged is no reason to fail, nor to end the process.
    this.#warnings.then((log) => log.add(header, place)).catch(() => (this.#warnings = undefined));
  }

  #headers(call: ApiCall, token: string | undefined): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = {
      ...this.#baseHeaders,
      accept: call.accept ?? "application/json",
    };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (call.body !== undefined) {
      headers["content-type"] = call.contentType ?? "application/json";
      headers["content-length"] = String(Buffer.byteLength(call.body));
    }
    return headers;
  }

  async #token(signal: AbortSignal | undefined): Promise<string | undefined> {
    const { token } = this.#access;
    // A program that logs in may take a minute.
    return typeof token === "object" ? untilAborted(token.token(), signal) : token;
  }

  /** True when the credentials come from a source that has others now. */
  async #renew(rejected: string | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const source = this.#access.token;
    if (typeof source !== "object") return false;
    const { version } = source;
    source.reject(rejected);
    return (await this.#token(signal)) !== rejected || source.version !== version;
  }

  #count(call: ApiCall, code: string): void {
    this.#requests.add(1, { verb: call.verb, resource: call.resource, code });
  }
}

/** Reads a body. @throws KINGLET_ERR_KUBE_CLIENT_TOO_LARGE. */
async function readBytes(body: AsyncIterable<Buffer>, limitBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limitBytes)
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE", { what, limitBytes });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

/** The answer with its body as it was before it was compressed. */
async function decode(response: TransportResponse, place: RequestPlace): Promise<TransportResponse> {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return response;
  if (encoding === "gzip") return { ...response, body: (await loadGunzipBody()).gunzipBody(response.body) };
  throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_RESPONSE", {
    ...place,
    problem: "it is compressed in a way that was not asked for",
  });
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

async function readStatusError(place: RequestPlace, response: TransportResponse): Promise<KingletError> {
  const { status, headers } = response;
  const retryAfter = headers["retry-after"];
  const bytes = await readBytes(response.body, MAX_ERROR_BODY_BYTES, "the error answer");
  if (REDIRECTS.has(status)) {
    return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_REDIRECT", { ...place, status });
  }
  const text = bytes.toString("utf8");
  let body: unknown;
  try {
    // A call that asks for protobuf gets its errors so too.
    body = isProtobuf({ response }) ? (await loadProtobufStreams()).readProtobufStatus(bytes) : JSON.parse(text);
  } catch {
    // Proxies and load balancers answer in HTML or plain text: its beginning is the best message there is.
    body = { message: text.slice(0, 200) || undefined };
  }
  return createStatusError(place, body, {
    httpStatus: response.status,
    retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    flowSchemaUid: headers["x-kubernetes-pf-flowschema-uid"],
    priorityLevelUid: headers["x-kubernetes-pf-prioritylevel-uid"],
  });
}

function retryDelayMs(error: unknown, call: ApiCall, attempt: number): number | undefined {
  const seconds = readSeconds(detailsOf(error)["retryAfterSeconds"]);
  const isReading = call.method === "GET";
  const { code, cause } = (error ?? {}) as { readonly code?: KubeClientErrorCode; readonly cause?: unknown };
  const isOverload =
    code === "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS" || (isReading && code === "KINGLET_ERR_KUBE_CLIENT_SERVER");
  if (isOverload && seconds !== undefined && seconds * 1000 <= MAX_RETRY_WAIT_MS) {
    return Math.max(seconds * 1000, Math.min(MAX_RETRY_WAIT_MS, 100 * 2 ** attempt));
  }
  const { wasReusedSocket } = (cause ?? {}) as { readonly wasReusedSocket?: boolean };
  const isClosed = code === "KINGLET_ERR_KUBE_CLIENT_UNREACHABLE" && wasReusedSocket === true;
  return isReading && attempt === 0 && isClosed ? 0 : undefined;
}

function resultOf(error: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted === true) return "aborted";
  return hasCode(error, "KINGLET_ERR_KUBE_CLIENT_TIMEOUT") ? "timeout" : "unreachable";
}

function impersonationHeaders(access: ClusterAccess): Record<string, string | string[]> {
  const { impersonate } = access;
  if (impersonate === undefined) return {};
  const headers: Record<string, string | string[]> = { "impersonate-user": impersonate.user };
  if (impersonate.uid !== undefined) headers["impersonate-uid"] = impersonate.uid;
  // One header line per group: joined by commas they would be one group.
  if (impersonate.groups !== undefined && impersonate.groups.length > 0)
    headers["impersonate-group"] = [...impersonate.groups];
  for (const [key, values] of Object.entries(impersonate.extra ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(key)}`] = [...values];
  }
  return headers;
}
