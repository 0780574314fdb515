import { createHash } from "node:crypto";

/** What `kube-sim` is filled with for the measurement at work. */
export interface ShopSize {
  readonly pods: number;
  readonly deployments: number;
}

/**
 * Fills a cluster with deployments, their ReplicaSets and running pods of realistic size (about 6.8 KB of JSON each, two containers, environment,
 * probes, volumes, managedFields left out as the server's own business).
 */
export function fillShop(size: ShopSize, apply: (object: object) => void): void {
  for (let index = 0; index < 20; index += 1)
    apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: `shop-${String(index)}` } });
  for (let index = 0; index < size.deployments; index += 1) {
    const namespace = `shop-${String(index % 20)}`;
    const name = `service-${String(index)}`;
    const hash = digest(name).slice(0, 10);
    const labels = { app: name, tier: "backend", "app.kubernetes.io/part-of": "shop" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "app", image: image(index) }] } };
    apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels },
      spec: { replicas: 5, selector: { matchLabels: labels }, template },
    });
    apply({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: `${name}-${hash}`, namespace, labels, ownerReferences: [owner("apps/v1", "Deployment", name)] },
      spec: { replicas: 5, selector: { matchLabels: labels }, template },
    });
  }
  for (let index = 0; index < size.pods; index += 1) apply(pod(index, index % size.deployments));
}

function pod(index: number, service: number): object {
  const namespace = `shop-${String(service % 20)}`;
  const hash = digest(`service-${String(service)}`).slice(0, 10);
  const name = `service-${String(service)}-${hash}-${digest(`pod ${String(index)}`).slice(0, 5)}`;
  const containers = ["app", "proxy"].map((container) => ({
    name: container,
    image: image(service),
    args: ["--listen=:8080", "--log-format=json", `--service=service-${String(service)}`],
    env: Array.from({ length: 14 }, (_, n) => ({
      name: `SETTING_${String(n)}`,
      value: digest(`${name} ${String(n)}`),
    })),
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
    livenessProbe: {
      httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" },
      periodSeconds: 10,
      failureThreshold: 3,
    },
    volumeMounts: [
      { name: "config", mountPath: "/etc/service" },
      { name: "token", mountPath: "/var/run/secrets", readOnly: true },
    ],
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: {
        app: `service-${String(service)}`,
        tier: "backend",
        "pod-template-hash": hash,
        "app.kubernetes.io/part-of": "shop",
      },
      annotations: { "kubernetes.io/config.seen": "2026-01-01T00:00:00Z", checksum: digest(name) + digest(`${name}x`) },
      ownerReferences: [owner("apps/v1", "ReplicaSet", `service-${String(service)}-${hash}`)],
    },
    spec: {
      nodeName: `node-${String(index % 10)}`,
      containers,
      volumes: [
        { name: "config", configMap: { name: "config" } },
        { name: "token", emptyDir: {} },
      ],
      tolerations: [
        { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      ],
    },
    status: {
      phase: "Running",
      podIP: `10.0.${String(index >> 8)}.${String(index & 255)}`,
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      })),
      containerStatuses: ["app", "proxy"].map((container) => ({
        name: container,
        image: image(service),
        imageID: `registry.example/service@sha256:${digest(image(service))}`,
        containerID: `containerd://${digest(`${name} ${container}`)}`,
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      })),
    },
  };
}

function owner(apiVersion: string, kind: string, name: string): object {
  return {
    apiVersion,
    kind,
    name,
    uid: digest(`${kind}/${name}`).slice(0, 36),
    controller: true,
    blockOwnerDeletion: true,
  };
}

function image(service: number): string {
  return `registry.example/shop/service-${String(service)}:1.${String(service % 7)}.0`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
