import { createKubeClient } from "@kinglet/kube-client";
import { apiCall, createNamespace, type ClusterFixture } from "@kinglet/testing";

import { createKubernetesProfileStore } from "../src/index.ts";
import type { OpenedProfileStore } from "./describe-profile-store.ts";

const GROUP_VERSION = "spdx.softwarecomposition.kubescape.io/v1beta1";
/** Namespaces are not reused: the next test must find nothing. */
const opened = new WeakMap<ClusterFixture, number>();

/** A store in two fresh namespaces of a cluster that has the definitions. */
export async function openClusterStore(cluster: ClusterFixture): Promise<OpenedProfileStore> {
  const count = (opened.get(cluster) ?? 0) + 1;
  opened.set(cluster, count);
  const namespaces = [`shop-${count}`, `other-${count}`] as const;
  for (const name of namespaces) await createNamespace(cluster, name);
  const { server, caPem, adminToken: token } = cluster;
  const client = createKubeClient({ server, caPem, token, origin: "test" });
  const pathOf = (kind: string, namespace: string): string =>
    `/apis/${GROUP_VERSION}/namespaces/${namespace}/${kind.toLowerCase()}s`;
  return {
    store: createKubernetesProfileStore(client),
    namespaces,
    tooManyBytes: 3_500_000,
    seed: (object) =>
      apiCall(cluster, "POST", pathOf(object.kind, object.metadata.namespace), {
        apiVersion: GROUP_VERSION,
        ...object,
      }),
    raw: (kind, namespace, name) => apiCall(cluster, "GET", `${pathOf(kind, namespace)}/${name}`),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
