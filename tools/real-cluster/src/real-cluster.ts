import { type RealClusterBinaries } from "./real-cluster-binaries.ts";
import { type ClusterUser } from "./token-users.ts";

/**
 * What a suite needs to talk to a cluster, whether started for it or already there.
 *
 * @public
 */
export interface ClusterAccess extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` of a started cluster; whatever the kubeconfig says of an existing one. */
  readonly server: string;
  /** PEM file with the certificates that the server's own is to be checked against. */
  readonly caFile: string;
  readonly caPem: string;
  /** Bearer tokens. An existing cluster has only `admin`, and only if its kubeconfig holds a token. */
  readonly tokens: Readonly<Partial<Record<ClusterUser, string>>>;
  /** Kubeconfig of a user who may do everything. */
  readonly kubeconfigPath: string;
  /**
   * Kubeconfig of one user, written at the first call.
   *
   * @throws RealClusterError `…_EXISTING_CONFIG` for a user whom an existing cluster does not know.
   */
  kubeconfigFor(user: ClusterUser): Promise<string>;
  /** Narrows to {@link RealCluster}. */
  readonly canRestart: boolean;
  /** Idempotent. Ends a started cluster and removes its folder; of an existing one, only what was written for it here. */
  stop(): Promise<void>;
}

/**
 * A cluster that this process started: etcd, API server and a few controllers on loopback; no kubelet and no scheduler, so
 * set `spec.nodeName`, patch `status` to make a pod Running, and delete with grace period 0.
 *
 * @public
 */
export interface RealCluster extends ClusterAccess {
  readonly canRestart: true;
  readonly tokens: Readonly<Record<ClusterUser, string>>;
  /** Without controllers there are no service accounts, no garbage collection, and namespaces never finish terminating. */
  readonly hasControllers: boolean;
  /** `http://127.0.0.1:PORT` of etcd. */
  readonly etcdUrl: string;
  /** Folder with one log file per program. */
  readonly logDir: string;
  /**
   * Ends the API server (TERM, KILL after 3 s: one with watchers takes all of them) and starts it again with the same flags, port, certificate and etcd; resolves
   * when it is ready. Resource versions from before are answered with 410 by streams that go on from them.
   *
   * @param options - `kill`: end it with KILL at once, as a crash would.
   */
  restartApiServer(options?: { readonly kill?: boolean }): Promise<void>;
  /** STOPs the API server: its connections stay open and nothing answers. */
  pauseApiServer(): void;
  resumeApiServer(): void;
  /**
   * Makes etcd forget everything before now. Lists at older versions (exact ones, and those that go on from a continue token)
   * are answered with 410 at most 15 s later, when the watch caches have dropped their snapshots; at once with
   * `--feature-gates=ListFromCacheSnapshot=false`. Streams from older versions go on until the API server restarts.
   */
  compactEtcd(): Promise<void>;
}

/**
 * A cluster that was there before and stays afterwards.
 *
 * @public
 */
export interface ExistingCluster extends ClusterAccess {
  readonly canRestart: false;
}

/**
 * @public
 */
export interface RealClusterOptions {
  /** @defaultValue what {@link findRealClusterBinaries} finds in the environment of the process */
  readonly binaries?: RealClusterBinaries;
  /** Added to ours; a flag of the same name replaces ours, e.g. `--min-request-timeout=5`. */
  readonly apiServerFlags?: readonly string[];
  readonly etcdFlags?: readonly string[];
  /** Folder for log files, kept afterwards. @defaultValue a folder that is removed at the end */
  readonly logDir?: string;
  /** Aborting stops the cluster, also after it was opened. */
  readonly signal?: AbortSignal;
  /** For each of the waits of the start, in milliseconds. @defaultValue 60000 */
  readonly startTimeoutMs?: number;
}
