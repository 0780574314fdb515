import { apiCall, apiRequest } from "./api-request.ts";
import type { ClusterFixture } from "./cluster-fixture.ts";
import type { PodObject } from "./pod-object.ts";
import { waitFor } from "./wait-for.ts";

/**
 * Creates a pod and reports its status as a kubelet does, on either kind of cluster.
 *
 * A real server refuses pods until the namespace has its service account: that is waited for.
 *
 * @returns the stored pod.
 */
export async function createPod(fixture: ClusterFixture, pod: PodObject): Promise<PodObject> {
  const { name, namespace } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { status: _status, ...withoutStatus } = pod;
  await waitFor(
    async () => {
      const answer = await apiRequest(fixture, "POST", path, withoutStatus);
      if (answer.status === 201) return true;
      if (answer.status === 403) return false;
      throw new Error(`creating pod ${name} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    { describe: `pod ${namespace}/${name} to be accepted` },
  );
  return (await apiCall(fixture, "PATCH", `${path}/${name}/status`, { status: pod.status })) as PodObject;
}

/** Creates a namespace; one that exists is fine. */
export async function createNamespace(fixture: ClusterFixture, name: string): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  const answer = await apiRequest(fixture, "POST", "/api/v1/namespaces", body);
  if (answer.status !== 201 && answer.status !== 409) {
    throw new Error(`creating namespace ${name} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

/** Creates a node unless it is there: pods of a node that does not exist are deleted by the garbage collector of a real cluster after a minute. */
export async function createNode(fixture: ClusterFixture, name: string): Promise<void> {
  const answer = await apiRequest(fixture, "POST", "/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
  });
  if (answer.status !== 201 && answer.status !== 409) {
    throw new Error(`creating node ${name} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

/** Deletes a pod at once, as if its kubelet had ended it. */
export async function deletePod(fixture: ClusterFixture, namespace: string, name: string): Promise<void> {
  await apiCall(fixture, "DELETE", `/api/v1/namespaces/${namespace}/pods/${name}`, {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 0,
  });
}
