import type * as Proxy from "./open-through-proxy.ts";
import type * as ProxyFromEnv from "./proxy-from-env.ts";

/** Connections through a proxy. */
export const loadProxy = (): Promise<typeof Proxy> => import("./open-through-proxy.ts");

/** The proxy that the environment names: most have none. */
export const loadProxyFromEnv = (): Promise<typeof ProxyFromEnv> => import("./proxy-from-env.ts");
