import { createError, hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ClusterAccess } from "../cluster-access.ts";
import { kubeClientErrors } from "../errors.ts";
import { resolveKubeconfig } from "../kubeconfig-access.ts";
import { mergeKubeconfigs, parseKubeconfig, readKubeconfig, type Kubeconfig } from "../kubeconfig.ts";
import type { LoadClusterAccessOptions } from "../load-cluster-access-options.ts";

/**
 * The access that kubeconfig files describe: the given one, else those of `KUBECONFIG`, else `~/.kube/config`.
 *
 * @throws as `loadClusterAccess`.
 */
export async function findKubeconfigAccess(
  options: LoadClusterAccessOptions & { readonly clock: Clock },
): Promise<ClusterAccess> {
  const { env } = options;
  if (options.kubeconfig !== undefined) {
    return resolveKubeconfig(parseKubeconfig(options.kubeconfig, "kubeconfig", "."), options);
  }
  if (options.kubeconfigPath !== undefined && options.kubeconfigPath !== "") {
    return resolveKubeconfig(await readKubeconfig(options.kubeconfigPath), options);
  }
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (listed.length > 0) {
    const configs = await readExisting(listed);
    if (configs.length === 0) throw nothingFound([`KUBECONFIG (${listed.join(delimiter)}: no such file)`]);
    return resolveKubeconfig(mergeKubeconfigs(configs), options);
  }
  const home = env["HOME"] ?? "";
  const fallback = join(home, ".kube", "config");
  const [config] = home === "" ? [] : await readExisting([fallback]);
  if (config === undefined) throw nothingFound(["KUBECONFIG (not set)", "KUBERNETES_SERVICE_HOST (not set)", fallback]);
  return resolveKubeconfig(config, options);
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
