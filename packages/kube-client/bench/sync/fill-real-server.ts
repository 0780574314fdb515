import { createKubeClient, namespaces, nodes, pods, type ClusterAccess } from "../../src/index.ts";
import { realisticPod } from "../../test/realistic-pod.ts";

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: object;
    readonly annotations: object;
  };
  readonly spec: { readonly nodeName: string };
  readonly status: object;
}

/** Creates realistic pods with their status, as a kubelet would have written it: two writers, so with managedFields of two. */
export async function fillRealServer(
  access: ClusterAccess,
  count: number,
  onProgress: (done: number) => void,
): Promise<void> {
  await using client = createKubeClient(access);
  const wanted = Array.from({ length: count }, (_, index) => realisticPod(index) as unknown as Pod);
  for (const namespace of new Set(wanted.map(({ metadata }) => metadata.namespace))) {
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
    // The controller makes it too, a little later; pods cannot be made before.
    await client
      .request({ method: "POST", path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: account })
      .catch(() => {});
  }
  for (const name of new Set(wanted.map(({ spec }) => spec.nodeName))) {
    await client.create(nodes, { apiVersion: "v1", kind: "Node", metadata: { name } });
  }
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const { metadata, spec, status } = wanted[at]!;
      const { name, namespace, labels, annotations } = metadata;
      // No service account token is mounted by the server: the pods bring their volume.
      const body = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels, annotations },
        spec: {
          ...spec,
          serviceAccountName: "default",
          serviceAccount: "default",
          automountServiceAccountToken: false,
        },
      };
      await client.create(pods, body, { fieldManager: "kube-controller-manager" });
      await client.patch(
        pods,
        name,
        { status },
        { namespace, type: "merge", subresource: "status", fieldManager: "kubelet" },
      );
      if ((at + 1) % 500 === 0) onProgress(at + 1);
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
}
