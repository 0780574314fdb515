import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Environment } from "./cache-folder.ts";
import { RealClusterError } from "./errors.ts";
import { loadYaml } from "./lazy.ts";
import { type ExistingCluster } from "./real-cluster.ts";
import { type ClusterUser } from "./token-users.ts";

interface KubeconfigCluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
}

interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
}

interface Named {
  readonly name?: string;
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly (Named & { readonly context?: { readonly cluster?: string; readonly user?: string } })[];
  readonly clusters?: readonly (Named & { readonly cluster?: KubeconfigCluster })[];
  readonly users?: readonly (Named & { readonly user?: KubeconfigUser })[];
}

/**
 * Opens the cluster of `KUBECONFIG` (its first file; `~/.kube/config` when unset) for tests with `USE_EXISTING_CLUSTER=true`.
 *
 * Nothing in the cluster is touched, then or at `stop`. Only the current context counts. Client certificates and exec plugins
 * work through `kubeconfigPath`; `tokens.admin` is there only if the file holds a token.
 *
 * @throws RealClusterError `…_EXISTING_CONFIG` when the file is missing, unreadable or lacks the current context.
 * @public
 */
export async function openExistingCluster(env: Environment): Promise<ExistingCluster> {
  const kubeconfigPath = resolve(
    env["KUBECONFIG"]?.split(":").find((path) => path !== "") ?? join(env["HOME"] ?? homedir(), ".kube", "config"),
  );
  const config = await readKubeconfig(kubeconfigPath);
  const context = config.contexts?.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user;
  if (cluster?.server === undefined) {
    throw new RealClusterError(
      "KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG",
      `${kubeconfigPath}: the current context ${JSON.stringify(config["current-context"])} names no cluster with a server`,
    );
  }
  const { server } = cluster;
  const base = dirname(kubeconfigPath);
  const caPem = await readCa(cluster, base);
  const token =
    user?.token ??
    (user?.tokenFile === undefined ? undefined : (await readFile(resolve(base, user.tokenFile), "utf8")).trim());
  const folder = await mkdtemp(join(tmpdir(), "kinglet-existing-cluster-"));
  const caFile = join(folder, "ca.crt");
  await writeFile(caFile, caPem);
  const stop = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  return {
    canRestart: false,
    server,
    caFile,
    caPem,
    tokens: token === undefined ? {} : { admin: token },
    kubeconfigPath,
    async kubeconfigFor(name: ClusterUser): Promise<string> {
      if (name === "admin") return kubeconfigPath;
      throw new RealClusterError(
        "KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG",
        `the existing cluster at ${server} has no user ${name}`,
      );
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function readKubeconfig(path: string): Promise<Kubeconfig> {
  try {
    const text = await readFile(path, "utf8");
    // JSON is common for generated files and needs no parser.
    const value: unknown = text.trimStart().startsWith("{") ? JSON.parse(text) : (await loadYaml()).parse(text);
    if (typeof value !== "object" || value === null) throw new TypeError("it holds no object");
    return value;
  } catch (cause) {
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG", `cannot read the kubeconfig ${path}`, {
      cause,
    });
  }
}

async function readCa(cluster: KubeconfigCluster, base: string): Promise<string> {
  const data = cluster["certificate-authority-data"];
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  const file = cluster["certificate-authority"];
  return file === undefined ? "" : readFile(resolve(base, file), "utf8");
}
