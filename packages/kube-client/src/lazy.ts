import type * as Yaml from "yaml";
import type * as Http1 from "./http1-transport.ts";
import type * as Proxy from "./proxy/open-through-proxy.ts";

/** The YAML parser: a JSON kubeconfig and a pod's service account never need it. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");

/** HTTP/1.1, for servers that do not speak HTTP/2. */
export const loadHttp1Transport = (): Promise<typeof Http1> => import("./http1-transport.ts");

/** Connections through a proxy. */
export const loadProxy = (): Promise<typeof Proxy> => import("./proxy/open-through-proxy.ts");
