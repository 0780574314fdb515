import { namespaces, type KubeClient, type KubeObject, type ResourceDefinition } from "@kinglet/kube-client";

const NAMESPACE = "soak-accounts";
const ACCOUNT = "soak";

const secrets: ResourceDefinition = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };
const serviceAccounts: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
const clusterRoleBindings: ResourceDefinition = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural: "clusterrolebindings",
  kind: "ClusterRoleBinding",
  namespaced: false,
};

/** A token that the server takes until it is revoked. */
export interface AccountToken {
  readonly token: string;
  /** The server refuses it from now on, or soon: the real one remembers for 10 s that it was good. What is open stays open. */
  revoke(): Promise<void>;
}

/** Tokens of one service account that may do everything. Each is bound to a Secret of its own and ends with it. */
export class AccountTokens {
  readonly #client: KubeClient;
  #issued = 0;

  /** @param client - one that may do everything. */
  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Makes the account. */
  async prepare(): Promise<void> {
    const client = this.#client;
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
    await client.create(serviceAccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: ACCOUNT, namespace: NAMESPACE },
    });
    await client.create(clusterRoleBindings, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: ACCOUNT },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace: NAMESPACE }],
    });
  }

  async issue(): Promise<AccountToken> {
    const name = `token-${++this.#issued}`;
    const bound = await this.#client.create<KubeObject>(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: NAMESPACE },
    });
    const boundObjectRef = { apiVersion: "v1", kind: "Secret", name, uid: bound.metadata.uid };
    const answer = (await this.#client.request({
      method: "POST",
      path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${ACCOUNT}/token`,
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        // Clocks jump in a soak, but only the client's: the server's goes on as it should.
        spec: { expirationSeconds: 86_400, boundObjectRef },
      },
    })) as { readonly status: { readonly token: string } };
    return {
      token: answer.status.token,
      revoke: () => this.#client.delete(secrets, name, { namespace: NAMESPACE }),
    };
  }
}
