import type { KubeObjectInput } from "../../src/resources/kube-object.ts";

const TIME = "2026-01-01T00:00:00Z";

/** A deployment as people write it. */
export function deployment(name: string, image = "app:1", replicas = 2): KubeObjectInput & { readonly spec: object } {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "app", image }] } },
    },
  };
}

/** The status that a deployment's controller writes when all is well. */
export function rolledOut(replicas = 2, observedGeneration = 1): object {
  return {
    observedGeneration,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "ok", lastUpdateTime: TIME },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: "ok", lastUpdateTime: TIME },
    ],
  };
}

/** A pod that runs on a node. */
export function runningPod(name: string, namespace = "default"): KubeObjectInput {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name } },
    spec: { nodeName: "node-a", containers: [{ name: "app", image: "app:1" }] },
    status: {
      phase: "Running",
      podIP: "10.1.0.1",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: TIME }],
      containerStatuses: [
        {
          name: "app",
          image: "app:1",
          imageID: "app@sha256:1",
          ready: true,
          restartCount: 0,
          started: true,
          state: { running: { startedAt: TIME } },
          lastState: {},
        },
      ],
    },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = { key: "1" }): KubeObjectInput {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

/** A definition with a schema, columns, status and scale. */
export function nestDefinition(): KubeObjectInput {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "nests.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "nests", singular: "nest", kind: "Nest", shortNames: ["ne"], categories: ["all"] },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {}, scale: { specReplicasPath: ".spec.eggs", statusReplicasPath: ".status.eggs" } },
          additionalPrinterColumns: [{ name: "Eggs", type: "integer", jsonPath: ".spec.eggs" }],
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: "A nest in a tree.",
              properties: {
                spec: {
                  type: "object",
                  properties: {
                    eggs: { type: "integer", minimum: 0, description: "How many eggs are in it." },
                    material: { type: "string", default: "moss" },
                  },
                  "x-kubernetes-validations": [{ rule: "self.eggs < 10", message: "too many eggs" }],
                },
                status: {
                  type: "object",
                  properties: {
                    eggs: { type: "integer" },
                    conditions: {
                      type: "array",
                      items: {
                        type: "object",
                        properties: { type: { type: "string" }, status: { type: "string" } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}

export function nest(name: string, eggs: number): KubeObjectInput {
  return { apiVersion: "example.com/v1", kind: "Nest", metadata: { name, namespace: "default" }, spec: { eggs } };
}
