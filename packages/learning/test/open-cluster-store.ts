import { createKubeClient } from "@kinglet/kube-client";
import { createKubernetesProfileStore } from "@kinglet/storage-client";
import { createNamespace, type ClusterFixture } from "@kinglet/testing";
import type { SharedStore } from "./describe-several-learners.ts";

const { signal } = new AbortController();

/** A namespace of a cluster that has the definitions; each learner has a client of its own. */
export async function openClusterStore(cluster: ClusterFixture, namespace: string): Promise<SharedStore> {
  await createNamespace(cluster, namespace);
  const { server, caPem, adminToken: token } = cluster;
  const stack = new AsyncDisposableStack();
  const store = () =>
    createKubernetesProfileStore(stack.use(createKubeClient({ server, caPem, token, origin: "test" })));
  const reader = store();
  return {
    namespace,
    store,
    get: (name) => reader.getContainerProfile(namespace, name, { signal }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
