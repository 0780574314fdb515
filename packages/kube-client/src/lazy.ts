import type * as Yaml from "yaml";
import type * as Exec from "./credentials/exec-credentials.ts";
import type * as Http1 from "./http1-transport.ts";
import type * as KubeconfigFiles from "./kubeconfig-files.ts";
import type * as Proxy from "./proxy/open-through-proxy.ts";
import type * as ProxyFromEnv from "./proxy/proxy-from-env.ts";

/** The YAML parser: a JSON kubeconfig and a pod's service account never need it. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");

/** HTTP/1.1, for servers that do not speak HTTP/2. */
export const loadHttp1Transport = (): Promise<typeof Http1> => import("./http1-transport.ts");

/** Connections through a proxy. */
export const loadProxy = (): Promise<typeof Proxy> => import("./proxy/open-through-proxy.ts");

/** The proxy that the environment names: most have none. */
export const loadProxyFromEnv = (): Promise<typeof ProxyFromEnv> => import("./proxy/proxy-from-env.ts");

/** Programs that log in, and with them node:child_process (0.18 MB). */
export const loadExecCredentials = (): Promise<typeof Exec> => import("./credentials/exec-credentials.ts");

/** kubeconfig files: a pod uses its service account. */
export const loadKubeconfigFiles = (): Promise<typeof KubeconfigFiles> => import("./kubeconfig-files.ts");
