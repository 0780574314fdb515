import type { IncomingHttpHeaders } from "node:http";
import { Agent, request as sendRequest } from "node:https";
import { gunzipSync } from "node:zlib";
import type { Clock } from "@kinglet/lifecycle";
import { isJsonRecord, type JsonRecord } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { describeCallProblem, describeStatus } from "./call-problem.ts";
import type { Webhook } from "./webhook.ts";

/** An answer above this is cut off as broken, bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Connections kept for later calls, per webhook. */
const MAX_IDLE_SOCKETS = 25;
/** How long, milliseconds. */
const IDLE_MS = 90_000;
/** Webhooks whose connections are kept. */
const MAX_AGENTS = 30;

/** Where a Service really is: `HOST:PORT` of something that answers for it, undefined when there is nothing. */
type ResolveService = (namespace: string, name: string, port: number) => string | undefined;

/** What the calls need. */
export interface WebhookCallerParts {
  readonly clock: Clock;
  readonly store: ObjectStore;
  readonly resolveService: ResolveService;
}

/** A call that failed, as opposed to one that was answered with no. */
export class WebhookCallFailure extends Error {
  constructor(webhook: Webhook, reason: string) {
    super(`failed calling webhook ${JSON.stringify(webhook.name)}: ${reason}`);
  }
}

interface Endpoint {
  /** As it is named in messages. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly serverName: string | undefined;
  readonly hostHeader: string;
  readonly path: string;
}

/**
 * Calls webhooks: HTTPS, HTTP/1.1, kept connections, the certificate checked against `caBundle` and the name that is called.
 */
export class WebhookCaller {
  readonly #parts: WebhookCallerParts;
  readonly #agents = new Map<string, Agent>();

  constructor(parts: WebhookCallerParts) {
    this.#parts = parts;
  }

  /** Ends all kept connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /**
   * Sends a review and parses the answer.
   *
   * @throws WebhookCallFailure
   */
  async call(webhook: Webhook, review: object, signal: AbortSignal | undefined): Promise<JsonRecord> {
    const endpoint = this.#endpointOf(webhook);
    const answer = await this.#post(webhook, endpoint, JSON.stringify(review), signal);
    const fail = (why: string): never => {
      throw new WebhookCallFailure(webhook, `failed to call webhook: ${why}`);
    };
    if (answer.status < 200 || answer.status > 206) return fail(describeStatus(answer.status, answer.text));
    let parsed: unknown;
    try {
      parsed = JSON.parse(answer.text);
    } catch {
      return fail(NOT_AN_OBJECT);
    }
    if (!isJsonRecord(parsed)) return fail(NOT_AN_OBJECT);
    return parsed;
  }

  #endpointOf(webhook: Webhook): Endpoint {
    const query = `?timeout=${webhook.timeoutSeconds}s`;
    const { address } = webhook;
    if (address.kind === "url") {
      if (address.url === "") {
        throw new WebhookCallFailure(
          webhook,
          "could not get REST client: webhook configuration must have either service or URL",
        );
      }
      const url = new URL(address.url);
      const path = `${url.pathname.replace(/(.)\/+$/, "$1")}${query}`;
      const port = url.port === "" ? 443 : Number(url.port);
      const host = url.hostname.replace(/^\[|\]$/g, "");
      return { url: `https://${url.host}${path}`, host, port, serverName: undefined, hostHeader: url.host, path };
    }
    const serverName = `${address.name}.${address.namespace}.svc`;
    const path = `${address.path === "" ? "/" : address.path}${query}`;
    const url = `https://${serverName}:${address.port}${path}`;
    const { store, resolveService } = this.#parts;
    const real = resolveService(address.namespace, address.name, address.port);
    if (real === undefined) {
      const service = JSON.stringify(address.name);
      const isThere = store.table("services").get(`${address.namespace}/${address.name}`) !== undefined;
      const why = isThere ? `no endpoints available for service ${service}` : `service ${service} not found`;
      throw new WebhookCallFailure(webhook, `failed to call webhook: Post ${JSON.stringify(url)}: ${why}`);
    }
    const colon = real.lastIndexOf(":");
    const host = real.slice(0, colon).replace(/^\[|\]$/g, "");
    return {
      url,
      host,
      port: Number(real.slice(colon + 1)),
      serverName,
      hostHeader: `${serverName}:${address.port}`,
      path,
    };
  }

  #agentOf(webhook: Webhook, endpoint: Endpoint): Agent {
    const key = JSON.stringify([endpoint.host, endpoint.port, endpoint.serverName ?? "", webhook.caBundle]);
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      const oldest = this.#agents.size >= MAX_AGENTS ? this.#agents.entries().next().value : undefined;
      if (oldest !== undefined) {
        this.#agents.delete(oldest[0]);
        oldest[1].destroy();
      }
      agent = new Agent({
        keepAlive: true,
        maxFreeSockets: MAX_IDLE_SOCKETS,
        timeout: IDLE_MS,
        ...(webhook.caBundle === "" ? {} : { ca: webhook.caBundle, allowPartialTrustChain: true }),
        ...(endpoint.serverName === undefined ? {} : { servername: endpoint.serverName }),
      });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  #post(
    webhook: Webhook,
    endpoint: Endpoint,
    body: string,
    parent: AbortSignal | undefined,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const timedOut = new AbortController();
    const timer = this.#parts.clock.startTimer(() => timedOut.abort(), webhook.timeoutSeconds * 1000);
    const signal = parent === undefined ? timedOut.signal : AbortSignal.any([timedOut.signal, parent]);
    return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
      const fail = (error: unknown): void => {
        const why = timedOut.signal.aborted
          ? "context deadline exceeded"
          : parent?.aborted === true
            ? "context canceled"
            : describeCallProblem(error, endpoint);
        reject(new WebhookCallFailure(webhook, `failed to call webhook: Post ${JSON.stringify(endpoint.url)}: ${why}`));
      };
      const request = sendRequest(
        {
          agent: this.#agentOf(webhook, endpoint),
          host: endpoint.host,
          port: endpoint.port,
          path: endpoint.path,
          method: "POST",
          signal,
          headers: {
            host: endpoint.hostHeader,
            "user-agent": "kube-apiserver-admission",
            "content-length": Buffer.byteLength(body),
            accept: "application/json, */*",
            "content-type": "application/json",
            "accept-encoding": "gzip",
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on("data", (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too large"));
            else chunks.push(chunk);
          });
          response.on("error", fail);
          response.on("end", () => {
            try {
              resolve({ status: response.statusCode ?? 0, text: decodeBody(Buffer.concat(chunks), response.headers) });
            } catch (error) {
              fail(error);
            }
          });
        },
      );
      request.on("error", fail);
      request.end(body);
    }).finally(() => timer.cancel());
  }
}

function decodeBody(body: Buffer, headers: IncomingHttpHeaders): string {
  const isPacked = headers["content-encoding"] === "gzip";
  return (isPacked ? gunzipSync(body, { maxOutputLength: MAX_ANSWER_BYTES }) : body).toString();
}

const NOT_AN_OBJECT =
  "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct " +
  '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
