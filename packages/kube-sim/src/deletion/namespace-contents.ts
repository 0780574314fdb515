import type { KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ObjectWriter } from "../writing/object-writer.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import type { SimResource } from "../resources/sim-resource.ts";

const ROOT_CA = "kube-root-ca.crt";
const ROOT_CA_NOTE =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal " +
  "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/**
 * What a namespace has from its first moment: the service account `default`, and when a client made it also the config map with the
 * server's authority. Both come back when somebody deletes them.
 *
 * A namespace that was stored by `apply` has no config map: who stores his own objects wants to see those and no others.
 */
export class NamespaceContents {
  readonly #parts: () => {
    readonly store: ObjectStore;
    readonly writer: ObjectWriter;
    readonly registry: ResourceRegistry;
  };
  readonly #caPem: string;

  constructor(
    caPem: string,
    parts: () => { readonly store: ObjectStore; readonly writer: ObjectWriter; readonly registry: ResourceRegistry },
  ) {
    this.#caPem = caPem;
    this.#parts = parts;
  }

  /** To be told of every write. */
  onWrite(resource: SimResource, object: KubeObject, change: "stored" | "removed"): void {
    if (resource.group !== "") return;
    const { name, namespace = "", deletionTimestamp } = object.metadata;
    if (resource.kind === "Namespace") {
      if (change === "stored" && deletionTimestamp === undefined) this.#fill(name, isWrittenByClient(object));
      return;
    }
    if (change !== "removed") return;
    const isOurs =
      (resource.kind === "ServiceAccount" && name === "default") || (resource.kind === "ConfigMap" && name === ROOT_CA);
    const owner = this.#parts().store.table("namespaces").get(namespace);
    if (isOurs && owner !== undefined && owner.metadata.deletionTimestamp === undefined) {
      this.#fill(namespace, isWrittenByClient(owner));
    }
  }

  #fill(namespace: string, hasAuthority: boolean): void {
    const { store, writer, registry } = this.#parts();
    const account = registry.find("", "v1", "serviceaccounts");
    const map = registry.find("", "v1", "configmaps");
    if (account !== undefined && store.table("serviceaccounts").get(`${namespace}/default`) === undefined) {
      writer.put(account, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default", namespace },
      } as KubeObject);
    }
    if (hasAuthority && map !== undefined && store.table("configmaps").get(`${namespace}/${ROOT_CA}`) === undefined) {
      writer.put(map, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: ROOT_CA, namespace, annotations: { "kubernetes.io/description": ROOT_CA_NOTE } },
        data: { "ca.crt": this.#caPem },
      } as unknown as KubeObject);
    }
  }
}

/** Only writes of clients leave owners of fields. */
function isWrittenByClient(namespace: KubeObject): boolean {
  return namespace.metadata["managedFields"] !== undefined;
}
