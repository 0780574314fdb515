/** What the webhooks of the admission controller are registered with. @public */
export interface WebhookSettings {
  /** Name of the ValidatingWebhookConfiguration. */
  readonly name: string;
  /** Where the admission controller's Service is; its namespace is never sent to the webhook. */
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** What the API server does when no answer comes: `Ignore` lets the request pass. One for deployments, one for exec and its kind. */
  readonly failurePolicy: { readonly deploy: FailurePolicy; readonly events: FailurePolicy };
  /** How long the API server waits, seconds, 1 to 30. */
  readonly timeoutSeconds: number;
  /** Namespaces of which nothing is sent, besides the service's own and those of the cluster itself. */
  readonly excludedNamespaces: readonly string[];
}

/** @public */
export type FailurePolicy = "Ignore" | "Fail";

/** The parts of a ValidatingWebhookConfiguration that are registered. @public */
export interface WebhookConfiguration {
  readonly apiVersion: "admissionregistration.k8s.io/v1";
  readonly kind: "ValidatingWebhookConfiguration";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly webhooks: readonly Webhook[];
}

/** One webhook with every field that the API server would fill in: what differs from it was changed by somebody. @public */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly service: {
      readonly namespace: string;
      readonly name: string;
      readonly path: string;
      readonly port: number;
    };
    /** PEM in base64. */
    readonly caBundle: string;
  };
  readonly rules: readonly {
    readonly operations: readonly string[];
    readonly apiGroups: readonly string[];
    readonly apiVersions: readonly string[];
    readonly resources: readonly string[];
    readonly scope: "Namespaced";
  }[];
  readonly failurePolicy: FailurePolicy;
  readonly matchPolicy: "Equivalent";
  readonly namespaceSelector: object;
  readonly objectSelector: object;
  readonly sideEffects: "NoneOnDryRun";
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly ["v1", "v1beta1"];
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
}

/** Namespaces without which the cluster does not run; a webhook that is down must not stand in their way. */
const clusterNamespaces: readonly string[] = ["istio-system", "kube-node-lease", "kube-public", "kube-system"];

/** Nodes and the parts of the control plane; the admission controller lets through what they ask, too. */
const notByTheClusterItself = {
  name: "not-by-the-cluster-itself",
  expression:
    '!("system:nodes" in request.userInfo.groups) && !(request.userInfo.username in ["system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler"])',
};

/**
 * Service accounts of `kube-system`, among them those under which the cluster's controllers make the pods of Deployments, Jobs and their kind: judging what was judged
 * with its template would say nothing new and cost a call per pod.
 */
const notByItsControllers = {
  name: "not-by-its-controllers",
  expression: '!request.userInfo.username.startsWith("system:serviceaccount:kube-system:")',
};

/** Evictions wait no longer than this for an admission controller, seconds. */
const evictionTimeoutSeconds = 3;

/**
 * The configuration as it is to be: `/validate` judges workloads, `/events` what is done to running pods, and evictions are counted by a webhook of their own, whose
 * absence never stands in the way of draining a node, whatever the settings say.
 *
 * The API server itself leaves out what the admission controller would let pass anyway, so that it is not called for every pod of a Deployment, for kubelets
 * and for the namespaces of the cluster. Who owns an object is not looked at: whoever sends it writes that.
 *
 * @param trusted - PEM certificates of the authorities that may sign for the service.
 * @public
 */
export function desiredWebhooks(settings: WebhookSettings, trusted: string): WebhookConfiguration {
  const { service, failurePolicy, timeoutSeconds } = settings;
  const excluded = [...new Set([...clusterNamespaces, service.namespace, ...settings.excludedNamespaces])].toSorted();
  const common = {
    matchPolicy: "Equivalent",
    namespaceSelector: {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: excluded }],
    },
    objectSelector: {},
    sideEffects: "NoneOnDryRun",
    timeoutSeconds,
    admissionReviewVersions: ["v1", "v1beta1"],
  } as const;
  const clientConfig = (path: string): Webhook["clientConfig"] => ({
    service: { namespace: service.namespace, name: service.name, path, port: service.port },
    caBundle: Buffer.from(trusted, "utf8").toString("base64"),
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: {
      name: settings.name,
      labels: { "app.kubernetes.io/part-of": "kinglet", "app.kubernetes.io/managed-by": "kinglet-config-controller" },
    },
    webhooks: [
      {
        ...common,
        name: "policyeval.kinglet.dev",
        clientConfig: clientConfig("/validate"),
        rules: [
          workloads("", ["pods", "replicationcontrollers", "replicationcontrollers/scale"]),
          // Containers that are added to a running pod; the pod itself is not updated by them.
          { ...workloads("", ["pods/ephemeralcontainers"]), operations: ["UPDATE"] },
          workloads("apps", [
            "daemonsets",
            "deployments",
            "deployments/scale",
            "replicasets",
            "replicasets/scale",
            "statefulsets",
            "statefulsets/scale",
          ]),
          workloads("batch", ["cronjobs", "jobs"]),
          workloads("apps.openshift.io", ["deploymentconfigs", "deploymentconfigs/scale"]),
        ],
        failurePolicy: failurePolicy.deploy,
        matchConditions: [notByTheClusterItself, notByItsControllers],
      },
      {
        ...common,
        name: "events.kinglet.dev",
        clientConfig: clientConfig("/events"),
        rules: [
          {
            operations: ["CONNECT"],
            apiGroups: [""],
            apiVersions: ["v1"],
            resources: ["pods/attach", "pods/exec", "pods/portforward"],
            scope: "Namespaced",
          },
        ],
        failurePolicy: failurePolicy.events,
        matchConditions: [notByTheClusterItself],
      },
      {
        ...common,
        name: "evictions.kinglet.dev",
        clientConfig: clientConfig("/validate"),
        rules: [{ ...workloads("", ["pods/eviction"]), operations: ["CREATE"] }],
        failurePolicy: "Ignore",
        timeoutSeconds: Math.min(timeoutSeconds, evictionTimeoutSeconds),
        matchConditions: [notByTheClusterItself, notByItsControllers],
      },
    ],
  };
}

function workloads(group: string, resources: readonly string[]): Webhook["rules"][number] {
  return {
    operations: ["CREATE", "UPDATE"],
    apiGroups: [group],
    apiVersions: ["v1"],
    resources,
    scope: "Namespaced",
  };
}
