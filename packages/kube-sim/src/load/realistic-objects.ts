import type { KubeObjectInput } from "../resources/kube-object.ts";
import { podManagedFields } from "./pod-managed-fields.ts";

/** What is needed to make the n-th object of a kind. */
export interface ObjectSeed {
  readonly index: number;
  readonly random: () => number;
  /** RFC 3339, seconds. */
  readonly time: string;
  readonly namespace: string;
  readonly node: string;
  /** Parts that many objects have in common; what is stored is never changed, so they may share them. */
  readonly shared: Map<string, unknown>;
}

const APPS = [
  "cart",
  "checkout",
  "ledger",
  "search",
  "orders",
  "mail",
  "sessions",
  "stock",
  "prices",
  "images",
] as const;
const TEAMS = ["shop", "payments", "platform", "data"] as const;
const HEX = "0123456789abcdef";
const SUFFIX = "bcdfghjklmnpqrstvwxz2456789";

/** Makers of the kinds that large clusters have many of; pods are about as large as real ones, with status and field owners. */
export function realisticMakers(): Readonly<Record<string, (seed: ObjectSeed) => KubeObjectInput>> {
  return {
    pods: makePod,
    nodes: makeNode,
    "deployments.apps": makeDeployment,
    services: (seed) => ({
      ...head("v1", "Service", seed, appOf(seed)),
      spec: {
        type: "ClusterIP",
        clusterIP: addressOf(seed.index, 96),
        clusterIPs: [addressOf(seed.index, 96)],
        selector: { app: appOf(seed) },
        ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }],
      },
      status: { loadBalancer: {} },
    }),
    configmaps: (seed) => ({
      ...head("v1", "ConfigMap", seed, `${appOf(seed)}-settings`),
      data: { "settings.yaml": `level: info\nport: 8080\nregion: eu-${seed.index % 3}\n` },
    }),
    secrets: (seed) => ({
      ...head("v1", "Secret", seed, `${appOf(seed)}-token`),
      type: "Opaque",
      data: { token: Buffer.from(`token-${seed.index}`).toString("base64") },
    }),
    events: (seed) => ({
      ...head("v1", "Event", seed, `${appOf(seed)}.event`),
      involvedObject: { kind: "Pod", namespace: seed.namespace, name: nameOf(seed, appOf(seed)), apiVersion: "v1" },
      reason: "Scheduled",
      message: `Successfully assigned to ${seed.node}`,
      type: "Normal",
      count: 1,
      firstTimestamp: seed.time,
      lastTimestamp: seed.time,
      source: { component: "default-scheduler" },
    }),
  };
}

function head(
  apiVersion: string,
  kind: string,
  seed: ObjectSeed,
  stem: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string; labels: Record<string, string> } } {
  const labels = labelsOf(seed);
  return { apiVersion, kind, metadata: { name: nameOf(seed, stem), namespace: seed.namespace, labels } };
}

function appOf({ index }: ObjectSeed): string {
  return APPS[index % APPS.length] ?? "app";
}

function nameOf({ index }: ObjectSeed, stem: string): string {
  return `${stem}-${index}`;
}

function labelsOf(seed: ObjectSeed): Record<string, string> {
  const app = appOf(seed);
  return {
    app,
    "app.kubernetes.io/name": app,
    "app.kubernetes.io/part-of": TEAMS[seed.index % TEAMS.length] ?? "shop",
    "pod-template-hash": hashOf(Math.floor(seed.index / 5)),
  };
}

/** The same text for the same number. */
function hashOf(number: number): string {
  let text = "";
  for (let rest = (number + 1) * 2_654_435_761, left = 10; left > 0; left--) {
    text += SUFFIX[rest % SUFFIX.length] ?? "b";
    rest = Math.floor(rest / 3) + 7;
  }
  return text;
}

function addressOf(index: number, first: number): string {
  return `10.${first}.${Math.floor(index / 250) % 250}.${(index % 250) + 2}`;
}

function hexOf(random: () => number, length: number): string {
  let text = "";
  for (let left = length; left > 0; left--) text += HEX[Math.floor(random() * 16)] ?? "0";
  return text;
}

function makePod(seed: ObjectSeed): KubeObjectInput {
  const app = appOf(seed);
  const hash = hashOf(Math.floor(seed.index / 5));
  const image = `registry.example/${TEAMS[seed.index % TEAMS.length] ?? "shop"}/${app}:1.${seed.index % 40}.0`;
  const digest = hexOf(seed.random, 64);
  const token = `kube-api-access-${hash.slice(0, 5)}`;
  const ip = addressOf(seed.index, 244);
  const containers = share(seed, `${image} ${token}`, () => [
    podContainer("app", image, token),
    sideContainer("registry.example/mesh/proxy:3.2.1", token),
  ]);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${app}-${hash}-${seed.index}`,
      generateName: `${app}-${hash}-`,
      namespace: seed.namespace,
      generation: 1,
      labels: labelsOf(seed),
      annotations: {
        "prometheus.io/port": "8080",
        "prometheus.io/scrape": "true",
        "kubectl.kubernetes.io/restartedAt": seed.time,
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `${app}-${hash}`,
          uid: `${hexOf(seed.random, 8)}-0000-4000-8000-${hexOf(seed.random, 12)}`,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: share(seed, "managedFields", () => podManagedFields(seed.time)),
    },
    spec: {
      volumes: share(seed, `${app} ${token}`, () => [
        { name: "settings", configMap: { name: `${app}-settings`, defaultMode: 420 } },
        { name: "scratch", emptyDir: {} },
        { name: token, projected: { defaultMode: 420, sources: tokenSources() } },
      ]),
      containers,
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "default",
      serviceAccount: "default",
      nodeName: seed.node,
      securityContext: {},
      schedulerName: "default-scheduler",
      tolerations: share(seed, "tolerations", tolerations),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    },
    status: {
      phase: "Running",
      conditions: share(seed, "conditions", () =>
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
          type,
          status: "True",
          lastProbeTime: null,
          lastTransitionTime: seed.time,
        })),
      ),
      hostIP: "192.0.2.10",
      hostIPs: [{ ip: "192.0.2.10" }],
      podIP: ip,
      podIPs: [{ ip }],
      startTime: seed.time,
      containerStatuses: containers.map((container) => ({
        name: container["name"],
        state: { running: { startedAt: seed.time } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image: container["image"],
        imageID: `${String(container["image"])}@sha256:${digest}`,
        containerID: `containerd://${hexOf(seed.random, 64)}`,
        started: true,
      })),
      qosClass: "Burstable",
    },
  };
}

function share<Value>(seed: ObjectSeed, key: string, make: () => Value): Value {
  let value = seed.shared.get(key) as Value | undefined;
  if (value === undefined) {
    value = make();
    seed.shared.set(key, value);
  }
  return value;
}

function tolerations(): unknown[] {
  return ["not-ready", "unreachable"].map((condition) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 300,
  }));
}

function sideContainer(image: string, token: string): Record<string, unknown> {
  const {
    livenessProbe: _liveness,
    readinessProbe: _readiness,
    env: _env,
    ...rest
  } = podContainer("sidecar", image, token);
  return rest;
}

function podContainer(name: string, image: string, token: string): Record<string, unknown> {
  const probe = (path: string): unknown => ({
    httpGet: { path, port: 8080, scheme: "HTTP" },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  return {
    name,
    image,
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    env: [
      { name: "LOG_LEVEL", value: "info" },
      { name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
    ],
    resources: { limits: { memory: "256Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
    volumeMounts: [
      { name: "settings", readOnly: true, mountPath: "/etc/settings" },
      { name: "scratch", mountPath: "/tmp" },
      { name: token, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
    ],
    livenessProbe: probe("/livez"),
    readinessProbe: probe("/readyz"),
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
    securityContext: { capabilities: { drop: ["ALL"] }, runAsNonRoot: true, allowPrivilegeEscalation: false },
  };
}

function tokenSources(): unknown[] {
  return [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
      },
    },
  ];
}

function makeNode(seed: ObjectSeed): KubeObjectInput {
  const capacity = { cpu: "16", memory: "65536Mi", pods: "110", "ephemeral-storage": "200Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: `node-${seed.index}`,
      labels: {
        "kubernetes.io/hostname": `node-${seed.index}`,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": `zone-${seed.index % 3}`,
      },
    },
    spec: { podCIDR: `10.244.${seed.index % 250}.0/24` },
    status: {
      capacity,
      allocatable: capacity,
      conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
        type,
        status: type === "Ready" ? "True" : "False",
        lastHeartbeatTime: seed.time,
        lastTransitionTime: seed.time,
        reason: type === "Ready" ? "KubeletReady" : `KubeletHasNo${type}`,
        message: "",
      })),
      addresses: [
        { type: "InternalIP", address: `192.0.2.${(seed.index % 250) + 2}` },
        { type: "Hostname", address: `node-${seed.index}` },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      nodeInfo: {
        machineID: hexOf(seed.random, 32),
        systemUUID: hexOf(seed.random, 32),
        bootID: hexOf(seed.random, 32),
        kernelVersion: "6.12.0",
        osImage: "Linux",
        containerRuntimeVersion: "containerd://2.1.4",
        kubeletVersion: "v1.36.3",
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: "amd64",
      },
    },
  };
}

function makeDeployment(seed: ObjectSeed): KubeObjectInput {
  const app = appOf(seed);
  const labels = { app, instance: String(seed.index) };
  return {
    ...head("apps/v1", "Deployment", seed, app),
    spec: {
      replicas: 5,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [podContainer("app", `registry.example/shop/${app}:1.0.0`, "scratch")] },
      },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
    status: { observedGeneration: 1, replicas: 5, updatedReplicas: 5, readyReplicas: 5, availableReplicas: 5 },
  };
}
