import { isLoopback, parseBind, readToken } from "@kinglet/endpoints";
import { createError } from "@kinglet/errors";
import { createRateLimitedLogger } from "@kinglet/logger";
import { webhookErrors } from "./errors.ts";
import { acceptedBodies, openConnections, refusals } from "./metrics.ts";
import { ServingFiles } from "./serving-files.ts";
import { WebhookEndpoint } from "./webhook-endpoint.ts";
import type { WebhookListener, WebhookListenerOptions } from "./webhook-listener.ts";
import { WebhookServer } from "./webhook-server.ts";

/**
 * Opens a listener to which others post what they have seen. For a sensor of cluster scope: what comes in is about the whole cluster.
 *
 * Guarantees: without a certificate it listens on loopback only, and off loopback every client shows a certificate or a token; certificate, key,
 * authorities and token may be exchanged at any time and hold from the next handshake, or request, on; a body is read piece by piece and never held;
 * connections, heads, bodies and every wait are bounded; what is refused is answered with a reason and counted by it; 200 is
 * sent only after the route has taken over everything in the body, or what is read of it where it is too large and the route tells of the rest. Large
 * bodies are read two at a time, so memory does not grow with their number.
 *
 * Cost: 88 KiB of heap while it is open where `node:https` is loaded (Node 26.10); no timer and no watch while there is no connection.
 *
 * @throws as `parseBind`; `KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP`, `…_WEBHOOK_OPEN`, `…_WEBHOOK_OPTION`,
 * `…_WEBHOOK_CERTIFICATE`, `…_WEBHOOK_ADDRESS`; `KINGLET_ERR_ENDPOINTS_TOKEN_FILE`.
 *
 * @public
 */
export async function openWebhookListener(options: WebhookListenerOptions): Promise<WebhookListener> {
  const { bind, certificate, clientAuthorityFile, clientNames, tokenFile, clock, metrics } = options;
  const { maxBodyBytes = 16_777_216, maxConnections = 64 } = options;
  assertBetween("maxBodyBytes", maxBodyBytes, 1024, 67_108_864);
  assertBetween("maxConnections", maxConnections, 1, 10_000);
  const address = parseBind(bind);
  if (address === undefined) throw optionError("bind", JSON.stringify(bind), "an address");
  const isLocal = isLoopback(address.host);
  if (certificate === undefined && !isLocal) {
    throw createError(webhookErrors, "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP", { bind });
  }
  if (certificate === undefined && clientAuthorityFile !== undefined) {
    throw optionError("clientAuthorityFile", clientAuthorityFile, "nothing without a certificate");
  }
  const isOpen = tokenFile === undefined && clientAuthorityFile === undefined;
  if (isOpen && !isLocal) throw createError(webhookErrors, "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPEN", { bind });
  // Better now than at the first request.
  if (tokenFile !== undefined) readToken(tokenFile);
  const files =
    certificate === undefined ? undefined : new ServingFiles({ ...certificate, clientAuthorityFile }, options.logger);
  const refused = metrics.counter(refusals);
  const logger = createRateLimitedLogger(options.logger, { clock });
  const endpoint: WebhookEndpoint = new WebhookEndpoint({
    routes: options.routes,
    tokenFile,
    isOpen,
    maxBodyBytes,
    authorityGeneration: () => files?.authorityGeneration ?? 0,
    isClosing: () => server.isClosing,
    clock,
    logger,
    accepted: metrics.counter(acceptedBodies),
    refused,
  });
  const server: WebhookServer = await WebhookServer.open({
    bind: address,
    files,
    wantsCertificates: clientAuthorityFile !== undefined,
    clientNames: clientNames === undefined ? undefined : new Set(clientNames),
    maxConnections,
    clock,
    onRefused: (reason) => refused.add(1, { reason }),
    handle: (request, response, peer, isWaiting) => endpoint.handle(request, response, peer, isWaiting),
  });
  const gauge = metrics.gauge(openConnections);
  const stopCollecting = metrics.onCollect(() => gauge.set(server.connections));
  return {
    port: server.port,
    get connections() {
      return server.connections;
    },
    async [Symbol.asyncDispose]() {
      stopCollecting();
      await server[Symbol.asyncDispose]();
      logger[Symbol.dispose]();
    },
  };
}

function assertBetween(option: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw optionError(option, String(value), `${min} ... ${max}`);
}

function optionError(option: string, value: string, range: string): Error {
  return createError(webhookErrors, "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPTION", { option, value, range });
}
