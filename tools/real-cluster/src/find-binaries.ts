import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder, type Environment } from "./cache-folder.ts";
import { PROGRAMS, type RealClusterBinaries } from "./real-cluster-binaries.ts";

/**
 * Finds the programs of a real cluster without building anything.
 *
 * First match wins: `TEST_ASSET_KUBE_APISERVER` with `TEST_ASSET_ETCD` (and `TEST_ASSET_KUBE_CONTROLLER_MANAGER`), the
 * folder `KUBEBUILDER_ASSETS`, the cache that `real-cluster build` fills. A place that lacks one of the two servers counts as
 * nothing; the controllers may be missing outside the cache.
 *
 * @returns `undefined` when nothing usable was found.
 * @see the envtest convention of kubernetes-sigs/controller-runtime for the names of the variables
 * @public
 */
export function findRealClusterBinaries(env: Environment): RealClusterBinaries | undefined {
  return fromNames(env) ?? fromAssets(env) ?? findInFolder(cacheFolder(env), true);
}

/** The programs in one folder, or `undefined` when it lacks one that is needed. @internal */
export function findInFolder(folder: string, needsControllers: boolean): RealClusterBinaries | undefined {
  const [etcd, kubeApiserver, controllers] = PROGRAMS.map((name) => join(folder, name)) as [string, string, string];
  const kubeControllerManager = isExecutable(controllers) ? controllers : undefined;
  if (!isExecutable(etcd) || !isExecutable(kubeApiserver)) return undefined;
  if (needsControllers && kubeControllerManager === undefined) return undefined;
  return { etcd, kubeApiserver, kubeControllerManager, origin: folder };
}

function fromNames(env: Environment): RealClusterBinaries | undefined {
  const etcd = env["TEST_ASSET_ETCD"];
  const kubeApiserver = env["TEST_ASSET_KUBE_APISERVER"];
  const controllers = env["TEST_ASSET_KUBE_CONTROLLER_MANAGER"];
  if (!etcd || !kubeApiserver || !isExecutable(etcd) || !isExecutable(kubeApiserver)) return undefined;
  return {
    etcd: resolve(etcd),
    kubeApiserver: resolve(kubeApiserver),
    kubeControllerManager: controllers && isExecutable(controllers) ? resolve(controllers) : undefined,
    origin: "TEST_ASSET_*",
  };
}

function fromAssets(env: Environment): RealClusterBinaries | undefined {
  const folder = env["KUBEBUILDER_ASSETS"];
  return folder ? findInFolder(resolve(folder), false) : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Missing, unreadable or not executable: for a search all of them mean "not here".
    return false;
  }
}
