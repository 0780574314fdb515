import type { IncomingMessage, ServerResponse } from "node:http";
import { isAuthorized, readToken } from "@kinglet/endpoints";
import { describeError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { RateLimitedLogger } from "@kinglet/logger";
import type { Counter } from "@kinglet/metrics";
import { BodyTurns } from "./body-turns.ts";
import { readBody, type BodyOutcome } from "./read-body.ts";
import type { WebhookRoute } from "./webhook-route.ts";
import type { Peer } from "./webhook-server.ts";

/** Settings of a {@link WebhookEndpoint}. @internal */
export interface WebhookEndpointOptions {
  readonly routes: readonly WebhookRoute[];
  readonly tokenFile: string | undefined;
  /** Nobody has to show who he is: plain HTTP on loopback without a token file. */
  readonly isOpen: boolean;
  readonly maxBodyBytes: number;
  readonly authorityGeneration: () => number;
  readonly isClosing: () => boolean;
  readonly clock: Clock;
  readonly logger: RateLimitedLogger;
  readonly accepted: Counter<"path">;
  readonly refused: Counter<"reason">;
}

/**
 * Larger bodies are read two at a time, bytes: of each a part of 8 MiB may be held, and there are 64 connections. Measured (Node 26.10), 48 bodies of 12.5 MB at
 * once: 221 MB resident at the peak, 491 MB without this; 108 MB before.
 */
const largeBytes = 262_144;
const largeBodies = 2;
/** How soon a client may try again when there was no room, or its connection is too old, seconds. */
const retryAfterSeconds = "2";

/** An answer that is no acceptance. */
interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The rest of the body is not wanted: the connection ends with the answer. */
  readonly endsConnection: boolean;
}

/**
 * Answers the requests of the webhook: 200 when what a body holds has been taken over, else why not.
 *
 * A body passes through while it comes in and is never held. One that is refused in its midst is still read to its end, within its bounds, so that the
 * client hears the answer instead of a broken connection. Large ones are read two at a time; the others wait unread.
 *
 * @internal
 */
export class WebhookEndpoint {
  readonly #options: WebhookEndpointOptions;
  readonly #routes: ReadonlyMap<string, WebhookRoute>;
  readonly #turns: BodyTurns = new BodyTurns(largeBodies);

  constructor(options: WebhookEndpointOptions) {
    this.#options = options;
    this.#routes = new Map(options.routes.map((route) => [route.path, route]));
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, peer: Peer, isWaiting: boolean): Promise<void> {
    try {
      const refusal = await this.#take(request, response, peer, isWaiting);
      if (refusal !== undefined) this.#refuse(request, response, refusal);
    } catch (error) {
      this.#options.logger.error("failed", "webhook request failed", { error: describeError(error) });
      this.#refuse(request, response, {
        status: 500,
        reason: "failed",
        text: "internal error",
        endsConnection: true,
      });
    }
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    peer: Peer,
    isWaiting: boolean,
  ): Promise<Refusal | undefined> {
    const head = (await this.#refuseStranger(request, peer)) ?? this.#refuseHead(request);
    if (head !== undefined) return head;
    peer.isKnown = true;
    const path = pathOf(request);
    const route = this.#routes.get(path)!; // #refuseHead looked
    const { maxBodyBytes, clock, refused, accepted } = this.#options;
    const reader = route.open();
    // Whoever does not take a part of a body is spared all of it.
    if (reader.cut === undefined && announcedBytes(request) > maxBodyBytes) return refusalOf("too-large", maxBodyBytes);
    // One that does not say how large it is may be.
    const isLarge = request.headers["transfer-encoding"] !== undefined || announcedBytes(request) > largeBytes;
    const { outcome, isCut, isOver } = await readBody(request, reader, {
      maxBodyBytes,
      clock,
      turns: isLarge ? this.#turns : undefined,
      onTurn: () => {
        if (isWaiting) response.writeContinue();
      },
    });
    if (isCut) this.#tellCut(request);
    if (outcome === "gone") {
      refused.add(1, { reason: "gone" });
      return undefined;
    }
    if (outcome !== "taken") {
      const refusal = refusalOf(outcome, maxBodyBytes);
      return isOver ? refusal : { ...refusal, endsConnection: true };
    }
    if (!isCut) accepted.add(1, { path });
    const connection = isOver ? this.#connectionHeader() : { connection: "close" };
    response.writeHead(200, { "content-length": 0, ...connection });
    response.end();
    return undefined;
  }

  #tellCut(request: IncomingMessage): void {
    const { refused, logger, maxBodyBytes } = this.#options;
    refused.add(1, { reason: "too-large" });
    logger.warn("refused too-large", "webhook body cut: what follows its limit is not known", {
      path: pathOf(request).slice(0, 100),
      limit: maxBodyBytes,
      announced: request.headers["content-length"],
    });
  }

  async #refuseStranger(request: IncomingMessage, peer: Peer): Promise<Refusal | undefined> {
    const { isOpen, tokenFile, authorityGeneration } = this.#options;
    // A page can point a name of its own at 127.0.0.1; what a browser sends for it carries this header, what others send does not.
    if (request.headers.origin !== undefined) {
      return { status: 403, reason: "origin", text: "not for web pages", endsConnection: true };
    }
    if (isOpen) return undefined;
    if (tokenFile !== undefined && request.headers.authorization !== undefined) {
      if (await hasToken(request.headers.authorization, tokenFile, this.#options.logger)) return undefined;
    }
    if (peer.isCertified && peer.authorityGeneration === authorityGeneration()) return undefined;
    if (peer.isCertified) {
      // Whether the new authorities let it in shows in a new handshake; clients come back on 503.
      return {
        status: 503,
        reason: "authority-changed",
        text: "the authorities of clients have changed: connect again",
        headers: { "retry-after": "1" },
        endsConnection: true,
      };
    }
    return {
      status: 401,
      reason: "unauthorized",
      text: "a client certificate or a bearer token is needed",
      headers: { "www-authenticate": "Bearer" },
      endsConnection: true,
    };
  }

  #refuseHead(request: IncomingMessage): Refusal | undefined {
    const { headers, method } = request;
    if (!this.#routes.has(pathOf(request))) {
      return { status: 404, reason: "path", text: "there is nothing here", endsConnection: hasBody(request) };
    }
    if (method !== "POST") {
      const text = `${method} is not possible here, POST is`;
      return { status: 405, reason: "method", text, headers: { allow: "POST" }, endsConnection: hasBody(request) };
    }
    const type = (headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase(); // split gives one part at least
    const encoding = headers["content-encoding"] ?? "identity";
    if (type !== "application/json" || encoding.toLowerCase() !== "identity") {
      const text = "the body has to be application/json, not compressed";
      return { status: 415, reason: "content-type", text, endsConnection: true };
    }
    return undefined;
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const { status, reason, text, headers, endsConnection } = refusal;
    const { refused, logger } = this.#options;
    refused.add(1, { reason });
    logger.warn(`refused ${reason}`, "webhook request refused", {
      reason,
      status,
      from: request.socket.remoteAddress,
      path: pathOf(request).slice(0, 100),
    });
    if (request.socket.destroyed || response.headersSent) return void request.socket.destroy();
    const body = `${text}\n`;
    response.writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      ...headers,
      ...(endsConnection ? { connection: "close" } : this.#connectionHeader()),
    });
    response.end(body);
    return undefined;
  }

  #connectionHeader(): { connection?: "close" } {
    return this.#options.isClosing() ? { connection: "close" } : {};
  }
}

function refusalOf(outcome: Exclude<BodyOutcome, "taken" | "gone">, maxBodyBytes: number): Refusal {
  if (outcome === "too-large") {
    const text = `the body is larger than ${maxBodyBytes} bytes`;
    return { status: 413, reason: "too-large", text, endsConnection: true };
  }
  if (outcome === "busy") {
    return {
      status: 503,
      reason: "busy",
      text: "other large bodies are being read: try again",
      headers: { "retry-after": retryAfterSeconds },
      endsConnection: true,
    };
  }
  if (outcome === "slow") {
    return { status: 408, reason: "timeout", text: "the body did not come in time", endsConnection: true };
  }
  const isFull = outcome.status === 429;
  return {
    status: outcome.status,
    reason: isFull ? "full" : "malformed",
    text: outcome.text,
    ...(isFull ? { headers: { "retry-after": retryAfterSeconds } } : {}),
    endsConnection: false,
  };
}

async function hasToken(header: string, tokenFile: string, logger: RateLimitedLogger): Promise<boolean> {
  try {
    return await isAuthorized(header, readToken(tokenFile));
  } catch (error) {
    // A file that went away lets nobody in.
    logger.warn("token file", "webhook request refused", { error });
    return false;
  }
}

function announcedBytes({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? "0");
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0]!; // split gives one part at least
}
