/**
 * Absolute paths of the programs of one cluster.
 *
 * @public
 */
export interface RealClusterBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  /** Absent where only the two servers are at hand; see {@link RealCluster.hasControllers}. */
  readonly kubeControllerManager: string | undefined;
  /** Where the paths come from, for messages: a folder or the names of variables. */
  readonly origin: string;
}

/**
 * File names of the programs, in the order in which they are built and started.
 *
 * @internal
 */
export const PROGRAMS: readonly [etcd: "etcd", apiserver: "kube-apiserver", controllers: "kube-controller-manager"] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
];
