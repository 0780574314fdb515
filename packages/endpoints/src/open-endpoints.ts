import type { IncomingMessage } from "node:http";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { parseBind } from "./bind-address.ts";
import { HttpListener, type HttpReply } from "./http-listener.ts";
import type { ReadinessRegistry } from "./readiness.ts";

/**
 * Text of the metrics with its content type.
 *
 * @public
 */
export type MetricsText = () => Promise<{ readonly contentType: string; readonly text: string }>;

/**
 * A listener that is open, or switched off.
 *
 * @public
 */
export interface OpenListener extends AsyncDisposable {
  /** Where it listens; `undefined` when it is switched off. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Opens `/livez`, `/readyz` and `/metrics`.
 *
 * `/livez` answers 200 as long as the process can answer. `/readyz` answers 200, or 503 with the reasons; `?verbose` names all
 * conditions, `Accept: application/json` gives them as JSON. GET and HEAD only. Clients are bounded in connections, header
 * and body sizes and time; closing takes at most 2 s, idle connections go at once.
 *
 * @param options - `bind`: see {@link parseBind}; `metrics`: usually `exposition` of the metrics registry.
 * @throws `KINGLET_ERR_ENDPOINTS_BIND`, `KINGLET_ERR_ENDPOINTS_PORT_IN_USE`, `KINGLET_ERR_ENDPOINTS_ADDRESS`.
 *
 * @public
 */
export async function openEndpoints(options: {
  readonly bind: string;
  readonly readiness: ReadinessRegistry;
  readonly metrics: MetricsText;
  readonly logger?: Logger;
  readonly clock?: Clock;
}): Promise<OpenListener> {
  const { readiness, metrics, logger = noopLogger, clock = systemClock } = options;
  return openListener(options.bind, clock, async (request) => {
    const url = splitUrl(request);
    const known = url.path === "/livez" || url.path === "/readyz" || url.path === "/metrics";
    if (!known) return { status: 404, body: "not found\n" };
    if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET, HEAD");
    if (url.path === "/livez") return { status: 200, body: "ok\n" };
    if (url.path === "/readyz") return readyReply(readiness, url.query, request.headers.accept ?? "");
    try {
      const { contentType, text } = await metrics();
      return { status: 200, contentType, body: text };
    } catch (error) {
      logger.error("metrics could not be written", { error });
      return { status: 500, body: "metrics could not be written\n" };
    }
  });
}

/** @internal */
export async function openListener(
  bind: string,
  clock: Clock,
  answer: (request: IncomingMessage, body: string) => Promise<HttpReply>,
): Promise<OpenListener> {
  const parsed = parseBind(bind);
  if (parsed === undefined) return { address: undefined, [Symbol.asyncDispose]: async () => {} };
  const listener = new HttpListener(answer, clock);
  const { address, port } = await listener.listen(parsed);
  return { address: { host: address, port }, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

/** @internal */
export function splitUrl(request: IncomingMessage): { readonly path: string; readonly query: string } {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** @internal */
export function methodNotAllowed(allow: string): HttpReply {
  return { status: 405, body: "method not allowed\n", headers: { allow } };
}

function readyReply(readiness: ReadinessRegistry, query: string, accept: string): HttpReply {
  const { isReady } = readiness;
  const status = isReady ? 200 : 503;
  if (accept.includes("application/json")) {
    const conditions = readiness.conditions().map(({ name, reason }) => ({ name, isReady: reason === "", reason }));
    return { status, contentType: "application/json", body: `${JSON.stringify({ isReady, conditions })}\n` };
  }
  const isVerbose = new URLSearchParams(query).has("verbose");
  const lines = (isVerbose ? readiness.conditions() : readiness.reasons()).map(({ name, reason }) =>
    reason === "" ? `[+] ${name}: ready\n` : `[-] ${name}: ${reason}\n`,
  );
  return { status, body: `${isReady ? "ok" : "not ready"}\n${lines.join("")}` };
}
