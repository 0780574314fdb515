import type { Clock } from "@kinglet/lifecycle";
import type { ExecPluginPolicy } from "./credentials/exec-plugin.ts";

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
  /**
   * `KUBECONFIG`, `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, `HOME`, and `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` (also in lower case) are
   * read from here; programs that log in get all of it.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @defaultValue `/var/run/secrets/kubernetes.io/serviceaccount` */
  readonly serviceAccountDir?: string | undefined;
  /** Programs that a kubeconfig may run to log in: names in `PATH` or absolute paths. @defaultValue `"all"` */
  readonly execPlugins?: ExecPluginPolicy | undefined;
  /** A person is at the terminal, whom such a program may ask. @defaultValue false */
  readonly isInteractive?: boolean | undefined;
  /** Ages token files. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}
