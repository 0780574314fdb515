/**
 * What can go wrong with a real cluster, by code. The error names the thing, the value and what to do; it has no table of
 * its own in the product's error catalogue because none of this is part of the product.
 *
 * - `…_GO_MISSING`, `…_GO_TOO_OLD`: the toolchain cannot build the programs.
 * - `…_BUILD_FAILED`: `go build` or a file operation of the build failed; the message ends with its last lines.
 * - `…_BINARIES_MISSING`: nothing is built and nothing is named in the environment.
 * - `…_START_FAILED`: a program ended or did not become ready in time; the message ends with its log.
 * - `…_ABORTED`: the caller's signal fired before the cluster was ready.
 * - `…_STOPPED`: an operation was asked of a cluster that is stopped.
 * - `…_EXISTING_CONFIG`: the kubeconfig of an existing cluster is missing, unreadable or unusable.
 * - `…_ALREADY_UP`, `…_NOT_UP`: `up` twice, `down` without `up`.
 *
 * @public
 */
export type RealClusterErrorCode =
  | "KINGLET_ERR_REAL_CLUSTER_GO_MISSING"
  | "KINGLET_ERR_REAL_CLUSTER_GO_TOO_OLD"
  | "KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED"
  | "KINGLET_ERR_REAL_CLUSTER_BINARIES_MISSING"
  | "KINGLET_ERR_REAL_CLUSTER_START_FAILED"
  | "KINGLET_ERR_REAL_CLUSTER_ABORTED"
  | "KINGLET_ERR_REAL_CLUSTER_STOPPED"
  | "KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG"
  | "KINGLET_ERR_REAL_CLUSTER_ALREADY_UP"
  | "KINGLET_ERR_REAL_CLUSTER_NOT_UP";

/**
 * The one error of this tool; recognise it by `code`.
 *
 * @public
 */
export class RealClusterError extends Error {
  override readonly name: string = "RealClusterError";
  readonly code: RealClusterErrorCode;

  constructor(code: RealClusterErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
