import type { IncomingMessage } from "node:http";
import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { isLoopback, parseBind } from "./bind-address.ts";
import { endpointsErrors } from "./errors.ts";
import type { HttpReply } from "./http-listener.ts";
import { methodNotAllowed, openListener, splitUrl, type OpenListener } from "./open-endpoints.ts";
import { isAuthorized, readToken } from "./token-file.ts";

/**
 * A request to a debug endpoint.
 *
 * @public
 */
export interface DebugRequest {
  readonly method: "GET" | "PATCH" | "POST";
  readonly query: URLSearchParams;
  /** Empty for GET; at most 64 KiB. */
  readonly body: string;
}

/**
 * An answer; `status` defaults to 200, `text` goes out as it is, `json` as one JSON document.
 *
 * @public
 */
export type DebugReply =
  | { readonly status?: number; readonly text: string }
  | { readonly status?: number; readonly json: unknown };

/**
 * One debug endpoint: a function per method. A coded error that a function throws becomes 422 with code and message, any
 * other becomes 500.
 *
 * @public
 */
export interface DebugRoute {
  readonly get?: (request: DebugRequest) => DebugReply | Promise<DebugReply>;
  readonly patch?: (request: DebugRequest) => DebugReply | Promise<DebugReply>;
  readonly post?: (request: DebugRequest) => DebugReply | Promise<DebugReply>;
}

/**
 * Opens the debug listener. It shows what the process knows, so it listens on loopback only, unless a token file is given; then every
 * request needs `Authorization: Bearer TOKEN`. The file is read again for each request, so a new token holds at once, and a file
 * that went away refuses everybody.
 *
 * Web pages cannot reach it: requests with an `Origin`, or without a token and for another host name than loopback, are refused.
 *
 * @param options - `routes`: by path, e.g. `/debug/containers`; `GET /debug/` lists them.
 * @throws as `openEndpoints`, and `KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED`, `KINGLET_ERR_ENDPOINTS_TOKEN_FILE`.
 *
 * @public
 */
export async function openDebugEndpoints(options: {
  readonly bind: string;
  readonly routes: Readonly<Record<string, DebugRoute>>;
  readonly tokenFile?: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
}): Promise<OpenListener> {
  const { bind, routes, tokenFile, logger = noopLogger, clock = systemClock } = options;
  const parsed = parseBind(bind);
  if (parsed !== undefined && tokenFile === undefined && !isLoopback(parsed.host)) {
    throw createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED", { bind });
  }
  if (parsed !== undefined && tokenFile !== undefined) readToken(tokenFile);
  return openListener(bind, clock, async (request, body) => {
    const refusal = await refusalOf(request, tokenFile, logger);
    return refusal ?? (await runRoute(routes, request, body, logger));
  });
}

async function refusalOf(
  request: IncomingMessage,
  tokenFile: string | undefined,
  logger: Logger,
): Promise<HttpReply | undefined> {
  if (request.headers.origin !== undefined) return { status: 403, body: "not for web pages\n" };
  if (tokenFile === undefined) {
    // A page can point a name of its own at 127.0.0.1; the name in the request gives it away.
    const host = (request.headers.host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
    return isLoopback(host) ? undefined : { status: 403, body: "only for loopback host names\n" };
  }
  const refused: HttpReply = {
    status: 401,
    body: "a bearer token is needed\n",
    headers: { "www-authenticate": "Bearer" },
  };
  try {
    return (await isAuthorized(request.headers.authorization, readToken(tokenFile))) ? undefined : refused;
  } catch (error) {
    logger.warn("debug request refused", { error });
    return refused;
  }
}

async function runRoute(
  routes: Readonly<Record<string, DebugRoute>>,
  request: IncomingMessage,
  body: string,
  logger: Logger,
): Promise<HttpReply> {
  const { path, query } = splitUrl(request);
  if (path === "/debug" || path === "/debug/") {
    return {
      status: 200,
      body: Object.keys(routes)
        .sort()
        .map((route) => `${route}\n`)
        .join(""),
    };
  }
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { status: 404, body: "not found\n" };
  const method = request.method === "HEAD" ? "GET" : request.method;
  const handle =
    method === "GET" ? route.get : method === "PATCH" ? route.patch : method === "POST" ? route.post : undefined;
  if (handle === undefined) {
    const names = [route.get && "GET, HEAD", route.patch && "PATCH", route.post && "POST"];
    return methodNotAllowed(names.filter((name) => name !== undefined).join(", "));
  }
  try {
    const reply = await handle({ method: method as DebugRequest["method"], query: new URLSearchParams(query), body });
    const status = reply.status ?? 200;
    if ("text" in reply) return { status, body: reply.text };
    return { status, contentType: "application/json", body: `${JSON.stringify(reply.json, undefined, 2)}\n` };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && code.startsWith("KINGLET_ERR_")) {
      const { message } = error as Error;
      return { status: 422, contentType: "application/json", body: `${JSON.stringify({ code, message })}\n` };
    }
    logger.error("debug endpoint failed", { path, error });
    return { status: 500, body: "internal error\n" };
  }
}
