import type * as Http from "node:http";
import type * as Https from "node:https";

/** Importing it loads the whole client behind `fetch`, too: 3 MB, for a server without TLS. */
export const loadHttp = (): Promise<typeof Http> => import("node:http");

/** For a server without HTTP/2. */
export const loadHttps = (): Promise<typeof Https> => import("node:https");
