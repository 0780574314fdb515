import {
  createKubeClient,
  loadClusterAccess,
  type ClusterAccess,
  type KubeClient,
  type KubeClientOptions,
} from "@kinglet/kube-client";
import type { Logging } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../applet-context.ts";
import type { ServiceConfig } from "./service-settings.ts";

/** The way to the cluster. */
export interface OpenedClient {
  readonly access: ClusterAccess;
  readonly client: KubeClient;
}

/**
 * Finds the cluster that the settings, the environment or the pod name, and makes a client for it that the stack closes. Nothing is sent yet.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG, _NO_CONFIG, _CREDENTIALS for a kubeconfig or service account that cannot be used.
 *
 * @internal
 */
export async function openClient(
  config: Pick<ServiceConfig, "kubeconfig" | "context" | "serviceAccountDir">,
  {
    context,
    logging,
    metrics,
  }: { readonly context: AppletContext; readonly logging: Logging; readonly metrics: Metrics },
  stack: AsyncDisposableStack,
  options: Pick<KubeClientOptions, "asksForJson"> = {},
): Promise<OpenedClient> {
  const { clock } = context;
  const access = await loadClusterAccess({
    kubeconfigPath: config.kubeconfig,
    context: config.context,
    env: context.env,
    serviceAccountDir: config.serviceAccountDir,
    clock,
  });
  const client = stack.use(
    createKubeClient(access, {
      ...options,
      userAgent: `kinglet-${context.name}/${context.version}`,
      logger: logging.logger("kube-client"),
      metrics,
      clock,
    }),
  );
  return { access, client };
}
