import { systemClock } from "@kinglet/lifecycle";
import { delimiter } from "node:path";
import type { ClusterAccess } from "./cluster-access.ts";
import { loadInClusterAccess } from "./in-cluster-access.ts";
import { loadKubeconfigFiles } from "./kubeconfig/lazy.ts";
import type { LoadClusterAccessOptions } from "./load-cluster-access-options.ts";
import { loadProxyFromEnv } from "./proxy/lazy.ts";

const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds out how to reach the cluster: the given kubeconfig, else the files of `KUBECONFIG` (merged, the first that says something
 * wins), else the service account of this pod, else `~/.kube/config`.
 *
 * Reads files, talks to nobody. A kubeconfig in JSON is read without the YAML library.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_NO_CONFIG when there is nothing to find, KINGLET_ERR_KUBE_CLIENT_CONFIG for a kubeconfig that is
 * wrong (names file and key), KINGLET_ERR_KUBE_CLIENT_CREDENTIALS for a way to log in that is not supported or a missing token. Programs
 * that log in run when the first request needs them, not here.
 * @public
 */
export async function loadClusterAccess(options: LoadClusterAccessOptions): Promise<ClusterAccess> {
  const access = await findAccess(options);
  const { env } = options;
  if (access.proxyUrl !== undefined || !hasProxy(env)) return access;
  const proxyUrl = (await loadProxyFromEnv()).proxyFromEnv(access.server, env);
  return proxyUrl === undefined ? access : { ...access, proxyUrl };
}

async function findAccess(options: LoadClusterAccessOptions): Promise<ClusterAccess> {
  const { env, clock = systemClock, serviceAccountDir = SERVICE_ACCOUNT_DIR } = options;
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  const isNamed =
    options.kubeconfig !== undefined ||
    (options.kubeconfigPath ?? "") !== "" ||
    (env["KUBECONFIG"] ?? "").split(delimiter).some((path) => path !== "");
  if (!isNamed && host !== "") {
    return loadInClusterAccess({ host, port: env["KUBERNETES_SERVICE_PORT"] ?? "", serviceAccountDir, clock });
  }
  return (await loadKubeconfigFiles()).findKubeconfigAccess({ ...options, clock });
}

/** Decided without the rules, which are loaded only where there is something to decide. */
function hasProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => (env[name] ?? "") !== "");
}
