/**
 * Port: objects that a review names and does not carry. No copy of the cluster is kept: they are fetched when they are asked for.
 *
 * @public
 */
export interface WorkloadSource {
  /**
   * The object behind a scale request.
   *
   * @param resource - plural of the kind, e.g. `deployments`.
   * @returns undefined when it does not exist.
   */
  stored(
    resource: string,
    namespace: string,
    name: string,
    options: { readonly signal: AbortSignal },
  ): Promise<unknown>;
  /**
   * What a person deployed: the pod itself, or the workload at the end of its owners.
   *
   * @returns undefined when the pod does not exist.
   */
  behindPod(namespace: string, pod: string, options: { readonly signal: AbortSignal }): Promise<unknown>;
}
