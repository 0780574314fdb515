// Types only: the library itself is the caller's and is never loaded from here.
import type { KubeConfig, User } from "@kubernetes/client-node";
import { createError } from "@kinglet/errors";
import { createKubeClient } from "../create-kube-client.ts";
import type { KubeClientOptions } from "../kube-client-options.ts";
import { kubeClientErrors } from "../errors.ts";
import type { KubeClient } from "../kube-client.ts";
import type { LoadClusterAccessOptions } from "../load-cluster-access-options.ts";
import { loadClusterAccess } from "../load-cluster-access.ts";

/** @public */
export type KubeConfigClientOptions = KubeClientOptions &
  Partial<Pick<LoadClusterAccessOptions, "env" | "execPlugins" | "isInteractive">>;

/**
 * A client for the current context of a `KubeConfig` of `@kubernetes/client-node`, however that was loaded. What the `KubeConfig` says afterwards
 * does not matter any more; token files and programs that log in are followed by this client itself.
 *
 * Authenticators that were added to the `KubeConfig` in code are not taken over.
 *
 * @param options - `env`: for proxies and for programs that log in, default none.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when there is no current cluster; KINGLET_ERR_KUBE_CLIENT_CREDENTIALS for a way to log in that is not supported.
 * @public
 */
export async function createClientFromKubeConfig(
  kubeConfig: KubeConfig,
  options: KubeConfigClientOptions = {},
): Promise<KubeClient> {
  const { env = {}, execPlugins, isInteractive, clock, ...rest } = options;
  const access = await loadClusterAccess({
    kubeconfig: documentOf(kubeConfig),
    ...{ env, execPlugins, isInteractive, clock },
  });
  return createKubeClient(access, clock === undefined ? rest : { ...rest, clock });
}

/** The current context as a kubeconfig of its own. */
function documentOf(kubeConfig: KubeConfig): object {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_CONFIG", {
      file: "KubeConfig",
      problem: `its current context ${JSON.stringify(kubeConfig.getCurrentContext())} names no cluster that it knows`,
    });
  }
  const user = kubeConfig.getCurrentUser();
  const namespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  const context = { cluster: "it", user: "it", ...(namespace === undefined ? {} : { namespace }) };
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "it",
    contexts: [{ name: "it", context }],
    clusters: [
      {
        name: "it",
        cluster: present({
          server: cluster.server,
          "certificate-authority-data": cluster.caData,
          "certificate-authority": cluster.caFile,
          "insecure-skip-tls-verify": cluster.skipTLSVerify ? true : undefined,
          "tls-server-name": cluster.tlsServerName,
          "proxy-url": cluster.proxyUrl,
        }),
      },
    ],
    users: [{ name: "it", user: user === null ? {} : userOf(user) }],
  };
}

function userOf(user: User): object {
  const provider = user.authProvider as
    | { readonly name?: string; readonly config?: Readonly<Record<string, unknown>> }
    | undefined;
  // How `loadFromCluster` says that the token lies in a file.
  const tokenFile = provider?.name === "tokenFile" ? provider.config?.["tokenFile"] : undefined;
  return present({
    "client-certificate-data": user.certData,
    "client-certificate": user.certFile,
    "client-key-data": user.keyData,
    "client-key": user.keyFile,
    token: user.token,
    tokenFile,
    username: user.username,
    password: user.password,
    exec: user.exec as unknown,
    as: user.impersonateUser,
    "auth-provider": tokenFile === undefined ? provider : undefined,
  });
}

function present(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ""));
}
