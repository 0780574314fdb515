import { describe, expect, it } from "vitest";
import { desiredWebhooks } from "./desired-webhooks.ts";

const { webhooks } = desiredWebhooks(
  {
    name: "kinglet-admission",
    service: { namespace: "kinglet", name: "kinglet-admission", port: 443 },
    failurePolicy: { deploy: "Fail", events: "Fail" },
    timeoutSeconds: 10,
    excludedNamespaces: ["infra"],
  },
  "PEM",
);

/** Every resource that is sent, with its operations, by webhook. */
function registered(name: string): Readonly<Record<string, string>> {
  const rules = webhooks.find((webhook) => webhook.name === name)?.rules ?? [];
  return Object.fromEntries(
    rules.flatMap(({ resources, operations }) => resources.map((resource) => [resource, operations.join()])),
  );
}

describe("desiredWebhooks", () => {
  it("sends workloads when they are created, changed or scaled, and ephemeral containers when they are added", () => {
    const both = "CREATE,UPDATE";
    expect(registered("policyeval.kinglet.dev")).toEqual({
      pods: both,
      "pods/ephemeralcontainers": "UPDATE",
      replicationcontrollers: both,
      "replicationcontrollers/scale": both,
      daemonsets: both,
      deployments: both,
      "deployments/scale": both,
      replicasets: both,
      "replicasets/scale": both,
      statefulsets: both,
      "statefulsets/scale": both,
      cronjobs: both,
      jobs: both,
      deploymentconfigs: both,
      "deploymentconfigs/scale": both,
    });
  });

  it("sends what opens a connection to a running pod", () => {
    expect(registered("events.kinglet.dev")).toEqual({
      "pods/attach": "CONNECT",
      "pods/exec": "CONNECT",
      "pods/portforward": "CONNECT",
    });
  });

  it("sends evictions by a webhook that never fails closed and is waited for briefly: nodes must drain", () => {
    expect(registered("evictions.kinglet.dev")).toEqual({ "pods/eviction": "CREATE" });
    const policies = webhooks.map(({ name, failurePolicy, timeoutSeconds }) => [name, failurePolicy, timeoutSeconds]);
    expect(policies).toEqual([
      ["policyeval.kinglet.dev", "Fail", 10],
      ["events.kinglet.dev", "Fail", 10],
      ["evictions.kinglet.dev", "Ignore", 3],
    ]);
  });

  it("leaves out namespaces of the cluster and its own, and looks only at who asks, which every sub-resource has", () => {
    for (const { namespaceSelector, matchConditions } of webhooks) {
      expect(namespaceSelector).toEqual({
        matchExpressions: [
          {
            key: "kubernetes.io/metadata.name",
            operator: "NotIn",
            values: ["infra", "istio-system", "kinglet", "kube-node-lease", "kube-public", "kube-system"],
          },
        ],
      });
      for (const { expression } of matchConditions) expect(expression).not.toMatch(/object|subResource/i);
    }
  });
});
