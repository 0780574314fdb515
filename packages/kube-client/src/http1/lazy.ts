import type * as Http1 from "./http1-transport.ts";

/** HTTP/1.1, for servers that do not speak HTTP/2. */
export const loadHttp1Transport = (): Promise<typeof Http1> => import("./http1-transport.ts");
