import { systemClock, type Clock } from "@kinglet/lifecycle";
import { createError, hasCode } from "@kinglet/errors";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ClusterAccess } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import { loadInClusterAccess } from "./in-cluster-access.ts";
import { resolveKubeconfig } from "./kubeconfig-access.ts";
import { mergeKubeconfigs, parseKubeconfig, readKubeconfig, type Kubeconfig } from "./kubeconfig.ts";

/**
 * Where to look for a cluster.
 *
 * @public
 */
export interface LoadClusterAccessOptions {
  /** This file and nothing else. */
  readonly kubeconfigPath?: string | undefined;
  /** A kubeconfig already at hand as plain data, and nothing else; relative paths in it count from the working directory. */
  readonly kubeconfig?: unknown;
  /** Context to use instead of `current-context`. */
  readonly context?: string | undefined;
  /** `KUBECONFIG`, `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT` and `HOME` are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @defaultValue `/var/run/secrets/kubernetes.io/serviceaccount` */
  readonly serviceAccountDir?: string | undefined;
  /** Ages token files. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}

const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds out how to reach the cluster: the given kubeconfig, else the files of `KUBECONFIG` (merged, the first that says something
 * wins), else the service account of this pod, else `~/.kube/config`.
 *
 * Reads files, talks to nobody. A kubeconfig in JSON is read without the YAML library.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_NO_CONFIG when there is nothing to find, KINGLET_ERR_KUBE_CLIENT_CONFIG for a kubeconfig that is
 * wrong (names file and key), KINGLET_ERR_KUBE_CLIENT_CREDENTIALS for a way to log in that is not supported or a missing token.
 * @public
 */
export async function loadClusterAccess(options: LoadClusterAccessOptions): Promise<ClusterAccess> {
  const { env, context, clock = systemClock, serviceAccountDir = SERVICE_ACCOUNT_DIR } = options;
  if (options.kubeconfig !== undefined) {
    return resolveKubeconfig(parseKubeconfig(options.kubeconfig, "kubeconfig", "."), { context, clock });
  }
  if (options.kubeconfigPath !== undefined && options.kubeconfigPath !== "") {
    return resolveKubeconfig(await readKubeconfig(options.kubeconfigPath), { context, clock });
  }
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (listed.length > 0) {
    const configs = await readExisting(listed);
    if (configs.length === 0) throw nothingFound([`KUBECONFIG (${listed.join(delimiter)}: no such file)`]);
    return resolveKubeconfig(mergeKubeconfigs(configs), { context, clock });
  }
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  if (host !== "") {
    return loadInClusterAccess({ host, port: env["KUBERNETES_SERVICE_PORT"] ?? "", serviceAccountDir, clock });
  }
  const home = env["HOME"] ?? "";
  const fallback = join(home, ".kube", "config");
  const [config] = home === "" ? [] : await readExisting([fallback]);
  if (config === undefined) throw nothingFound(["KUBECONFIG (not set)", "KUBERNETES_SERVICE_HOST (not set)", fallback]);
  return resolveKubeconfig(config, { context, clock });
}

/** Files of a list may be missing, as with kubectl; a file that is there must be right. */
async function readExisting(paths: readonly string[]): Promise<Kubeconfig[]> {
  const configs: Kubeconfig[] = [];
  for (const path of paths) {
    if (!isMissing(path)) configs.push(await readKubeconfig(path));
  }
  return configs;
}

function isMissing(path: string): boolean {
  try {
    accessSync(path);
    return false;
  } catch (error) {
    // Any other fault is the reader's to report.
    return hasCode(error, "ENOENT");
  }
}

function nothingFound(places: readonly string[]): Error {
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG", { places: places.join(", ") });
}
