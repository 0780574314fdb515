import type * as Http from "node:http";
import type * as Tls from "node:tls";

/** Only for agents behind TCP with TLS. Where the sensor has spoken to an API server it is loaded already. */
export const loadTls = (): Promise<typeof Tls> => import("node:tls");

/** Only for reading the agent's metrics, when an address for them is configured. */
export const loadHttp = (): Promise<typeof Http> => import("node:http");
